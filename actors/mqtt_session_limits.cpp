#include "actors/mqtt_session.hpp"
#include "actors/publish_check.hpp"
#include "protocol/mqtt/topic_filter.hpp"
#include "protocol/topic_name.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kodama::actors {

using mqtt::reason_code;

namespace {

/// What a packet needs beside its payload: for the Maximum Packet Size that a plan comes to.
constexpr std::uint32_t frame = 1'024;

reason_code reason_of(publish_refusal::limit which) {
  switch (which) {
  case publish_refusal::limit::publish: return reason_code::not_authorized;
  case publish_refusal::limit::message_size_max: return reason_code::packet_too_large;
  case publish_refusal::limit::messages_per_second: return reason_code::message_rate_too_high;
  case publish_refusal::limit::messages_per_month:
  case publish_refusal::limit::retained_max:
  case publish_refusal::limit::retained_bytes_max:
  case publish_refusal::limit::stored_bytes_max: return reason_code::quota_exceeded;
  }
  return reason_code::quota_exceeded;
}

} // namespace

std::optional<mqtt::error> mqtt_session::exceeded(std::string_view limit, std::uint64_t most,
                                                  reason_code reason) const {
  world_.watching.on_limit_hit(who_.client, who_.account->name, limit);
  return mqtt::error{reason, std::string{limit} + " of plan " + who_.account->limits.name + " is " +
                                 std::to_string(most)};
}

mqtt::outcome<retained_room_ptr> mqtt_session::admit(const mqtt::publish& what) const {
  constexpr std::string_view where = "PUBLISH: ";
  const auto& who = *who_.account;
  if (const auto refused = check_rules(who, allowed_.get(), what.topic, what.payload.size()))
    return exceeded(where, *refused);
  auto room = make_room(where, what);
  if (!room)
    return room;
  if (const auto refused = count_publish(who, now(), world_.clock))
    return exceeded(where, *refused);
  return room;
}

mqtt::error mqtt_session::exceeded(std::string_view where, const publish_refusal& by) const {
  world_.watching.on_limit_hit(who_.client, who_.account->name, name_of(by.which));
  return {reason_of(by.which), std::string{where} + by.text};
}

mqtt::outcome<retained_room_ptr> mqtt_session::make_room(std::string_view where,
                                                         const mqtt::publish& what,
                                                         const retained_room_ptr& former) const {
  auto made = retained_quota::take(around_.retained, *who_.account, what, former);
  if (const auto* refused = std::get_if<publish_refusal>(&made))
    return exceeded(where, *refused);
  return std::get<retained_room_ptr>(std::move(made));
}

std::optional<mqtt::error> mqtt_session::judge(const mqtt::connect& asked) const {
  // '$' begins a topic that wildcards do not reach; native clients can't say it.
  const auto name = asked.will->topic.substr(asked.will->topic.starts_with('$') ? 1 : 0);
  if (const auto checked = check_topic_name(name, options_.session.limits.topic_length_max);
      !checked)
    return mqtt::error{reason_code::topic_name_invalid,
                       "CONNECT: the will's topic: " + checked.error().message()};
  if (const auto refused =
          check_rules(*who_.account, allowed_.get(), asked.will->topic, asked.will->payload.size()))
    return exceeded("CONNECT: the will: ", *refused);
  return std::nullopt;
}

std::optional<mqtt::error> mqtt_session::judge(const mqtt::subscription& asked) const {
  const auto parsed = mqtt::parse_topic_filter(asked.filter, mqtt::protocol_version::v5);
  if (!parsed)
    return parsed.error();
  if (!mqtt::topic_tree<client_id>::fits(parsed->filter))
    return mqtt::error{reason_code::topic_filter_invalid,
                       "SUBSCRIBE: a filter may have " +
                           std::to_string(mqtt::topic_tree<client_id>::levels_max) + " levels"};
  if (allowed_ && !allowed_->may_subscribe(parsed->filter)) {
    world_.watching.on_limit_hit(who_.client, who_.account->name, "subscribe");
    return mqtt::error{reason_code::not_authorized,
                       "SUBSCRIBE: this account may not subscribe to " +
                           std::string{parsed->filter}};
  }
  if (filters_.find(asked.filter))
    return std::nullopt;
  if (const auto most = who_.account->limits.subscriptions_max;
      most != 0 && filters_.size() >= most)
    return exceeded("subscriptions_max", most, reason_code::quota_exceeded);
  if (const auto most = options_.mqtt.subscriptions_max; filters_.size() >= most)
    return mqtt::error{reason_code::quota_exceeded,
                       "SUBSCRIBE: subscriptions_max is " + std::to_string(most)};
  return std::nullopt;
}

bool mqtt_session::may_hear(std::string_view topic) const {
  return !allowed_ || allowed_->may_hear(topic);
}

bool mqtt_session::store(std::size_t bytes) {
  const auto most = who_.account->limits.stored_bytes_max;
  if (most == 0 || bytes == 0 || link_)
    return true;
  if (!who_.account->used->take_storage(bytes, most))
    return false;
  stored_ += bytes;
  return true;
}

void mqtt_session::unstore(std::size_t bytes) {
  const auto back = std::min(bytes, stored_); // nothing is stored where there is no limit
  stored_ -= back;
  if (back != 0)
    who_.account->used->give_storage_back(back);
}

void mqtt_session::give_storage_back() {
  if (stored_ != 0)
    who_.account->used->give_storage_back(std::exchange(stored_, 0));
}

void mqtt_session::give_place_back() {
  if (const auto counted = std::exchange(place_, nullptr))
    counted->give_connection_back();
}

void mqtt_session::refuse(const mqtt_admission& asking, const mqtt::error& why) {
  send(asking.door, mqtt_refused{asking.link, asking.version, asking.packet_size_max, why});
  if (!has_state_ && !link_)
    end_session();
}

void mqtt_session::tell_limits(mqtt::connack_properties& told, bytes& texts) const {
  const auto& limits = who_.account->limits;
  if (limits.name.empty())
    return;
  if (const auto most = limits.message_size_max;
      most != 0 && most + frame < *told.maximum_packet_size)
    told.maximum_packet_size = static_cast<std::uint32_t>(most + frame);
  // Numbers for which CONNACK has no property go as user properties; texts are kept by the caller.
  texts.reserve(1'024);
  const auto keep = [&texts](const std::string& text) {
    const auto start = texts.size();
    append(texts, as_bytes(text));
    return as_text(byte_view{texts}.subspan(start));
  };
  const auto tell = [&](std::string_view name, std::uint64_t most) {
    if (most != 0)
      told.user.push_back({name, keep(std::to_string(most))});
  };
  told.user.push_back({"plan", limits.name});
  tell("message_size_max", limits.message_size_max);
  tell("messages_per_month", limits.messages_per_month);
  tell("messages_per_second", limits.messages_per_second);
  tell("connections_max", limits.connections_max);
  tell("subscriptions_max", limits.subscriptions_max);
  tell("stored_bytes_max", limits.stored_bytes_max);
  if (limits.messages_per_month != 0) {
    const auto used = who_.account->used->messages(month_of(world_.clock.unix_micros()));
    told.user.push_back({"messages_left_this_month",
                         keep(std::to_string(limits.messages_per_month -
                                             std::min(used, limits.messages_per_month)))});
  }
}

} // namespace kodama::actors
