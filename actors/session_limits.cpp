#include "actors/publish_check.hpp"
#include "actors/session.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <string>

namespace kodama::actors {
namespace {

errc reason_of(publish_refusal::limit which) {
  switch (which) {
  case publish_refusal::limit::publish: return errc::not_authorized;
  case publish_refusal::limit::message_size_max: return errc::message_too_long;
  case publish_refusal::limit::messages_per_second: return errc::rate_exceeded;
  case publish_refusal::limit::messages_per_month:
  case publish_refusal::limit::retained_max: // those three are of MQTT
  case publish_refusal::limit::retained_bytes_max:
  case publish_refusal::limit::stored_bytes_max: return errc::quota_exceeded;
  }
  return errc::quota_exceeded;
}

std::string text_of(std::string_view limit, std::uint64_t value, const plan& of) {
  return std::string{limit} + " of plan " + of.name + " is " + std::to_string(value);
}

} // namespace

bool session::judge(const message::publish& what) {
  const auto refused = check_publish(*who_.account, allowed_.get(), what.topic, what.content.size(),
                                     now(), world_.clock);
  if (!refused)
    return true;
  world_.watching.on_limit_hit(who_.client, who_.account->name, name_of(refused->which));
  pass_collected();
  end(reason_of(refused->which), refused->text);
  return false;
}

/// Rules hold from a connection to the next. What a filter brings is judged message by message, as
/// it comes; a topic's own numbers let nobody leave any out.
std::optional<std::string> session::interest_denied_to(const account& coming) const {
  const auto allowed = &coming == who_.account.get() ? nullptr : permissions_of(coming, {});
  if (!allowed)
    return std::nullopt;
  const auto* denied = topics_.find_interest([&](const std::string& topic) {
    return !allowed->may_subscribe(topic) || !allowed->may_hear(topic);
  });
  return denied ? std::optional{*denied} : std::nullopt;
}

std::optional<session::refusal> session::judge(topic_request what, std::string_view topic) const {
  const bool takes = what == topic_request::subscribe || what == topic_request::watch;
  const bool asks = takes || what == topic_request::list;
  const auto refuse = [&](errc reason, std::string_view limit, std::string text) {
    if (!limit.empty())
      world_.watching.on_limit_hit(who_.client, who_.account->name, limit);
    return refusal{reason, std::move(text)};
  };
  const bool filters = mqtt::has_wildcard(topic); // what it matches may be denied all the same
  if (asks && allowed_ &&
      !(allowed_->may_subscribe(topic) && (filters || allowed_->may_hear(topic))))
    return refuse(errc::not_authorized, "subscribe", "this account may not subscribe to it");
  if (!takes || topics_.is_interest(topic) || (filters_ && filters_->contains(topic)))
    return std::nullopt;
  const auto interests = topics_.interests() + (filters_ ? filters_->size() : 0);
  const auto& limits = who_.account->limits;
  if (const auto most = limits.subscriptions_max; most != 0 && interests >= most)
    return refuse(errc::too_many_topics, "subscriptions_max",
                  text_of("subscriptions_max", most, limits));
  if (const auto most = options_.session.limits.topics_max; interests >= most)
    return refuse(errc::too_many_topics, {}, "topics_max is " + std::to_string(most));
  return std::nullopt;
}

} // namespace kodama::actors
