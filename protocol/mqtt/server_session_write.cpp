#include "protocol/mqtt/server_session.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace kodama::mqtt {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t expiry_most = 0xffff'ffff;

std::uint32_t seconds_until(instant deadline, instant now) {
  const auto left = std::chrono::ceil<seconds>(deadline - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, expiry_most));
}

} // namespace

void server_session::poll_transmit(instant now, bytes& out, std::size_t size_max) {
  if (!attached())
    return;
  write_answers();
  if (!replies_.empty()) {
    append(out, replies_);
    replies_.clear();
  }
  if (!owed_)
    return;
  while (transmitted_ < owed_->size() && out.size() < size_max) {
    const auto at = owed_->begin() + static_cast<std::ptrdiff_t>(transmitted_);
    if (at->what.qos == qos::at_most_once) {
      transmit_unguarded(now, *at, out, size_max);
      if (at->what.count == 0)
        owed_->erase(at);
      continue;
    }
    if (transmitted_ >= window())
      return;
    if (transmit(now, *at, out)) {
      ++transmitted_;
    } else {
      bytes_ -= at->cost;
      owed_->erase(at);
    }
  }
  if (owed_->empty())
    owed_.reset();
}

server_session::pushed server_session::push(outgoing what, instant now, bytes& out,
                                            std::size_t size_max) {
  const bool is_next = attached() && !owed_ && replies_.empty() && !has_answers();
  const auto cost = cost_of(*what.forms, what.first, what.count);
  if (what.qos != qos::at_most_once || !is_next || cost > options_->session_buffer_max)
    return push(std::move(what));
  // Most sessions are owed nothing most of the time: then there is no queue.
  owed next{std::move(what), 0, false, cost};
  bytes_ += cost;
  while (next.what.count != 0 && out.size() < size_max)
    transmit_unguarded(now, next, out, size_max);
  bytes_ -= next.cost;
  return next.what.count == 0 ? pushed{} : push(std::move(next.what));
}

void server_session::transmit_unguarded(instant now, owed& what, bytes& out, std::size_t size_max) {
  auto& [forms, first, count, how, retain, identifiers, group] = what.what;
  // What has nothing of its own is copied in one go.
  const bool is_ready = !retain && !identifiers && peer_alias_maximum_ == 0 &&
                        forms->lie_ready_for(version_, peer_.packet_size_max);
  std::uint32_t done = 1;
  if (is_ready) {
    done = static_cast<std::uint32_t>(forms->count_to_fill(first, count, size_max - out.size()));
    append(out, forms->packets(first, done));
  } else {
    transmit(now, what, out);
  }
  const auto cost = done == count ? what.cost : cost_of(*forms, first, done);
  first += done;
  count -= done;
  what.cost -= cost;
  bytes_ -= cost;
}

bool server_session::transmit(instant now, owed& what, bytes& out) {
  if (what.released)
    return encode(out, pubrel{what.id, reason_code::success, {}}, peer_);
  const auto& forms = *what.what.forms;
  const auto expires_at = forms.expires_at(what.what.first);
  // One that the client may have seen already is finished, however old [MQTT-4.4.0-1].
  if (what.id == 0 && expires_at <= now) {
    ++drops_.expired;
    return false;
  }
  publish_image::delivery to;
  to.version = version_;
  to.qos = what.what.qos;
  to.retain = what.what.retain;
  to.dup = what.id != 0;
  if (to.qos != qos::at_most_once)
    to.id = what.id != 0 ? what.id : next_id();
  if (expires_at != never)
    to.message_expiry_interval = seconds_until(expires_at, now);
  if (what.what.identifiers)
    to.subscription_identifiers = *what.what.identifiers;
  const auto image = forms.image(what.what.first);
  choose_alias(to, image.topic());
  if (image.packet_size(to) > peer_.packet_size_max) {
    ++drops_.too_large; // as if it had been sent [MQTT-3.1.2-25]
    return false;
  }
  what.id = to.id;
  image.append_to(out, to);
  keep_alias(to, image.topic());
  return true;
}

std::vector<outgoing> server_session::unfinished_of_groups() const {
  std::vector<outgoing> found;
  if (owed_)
    for (const auto& each : *owed_) {
      const bool may_go_on = each.what.qos == qos::at_least_once ||
                             (each.what.qos == qos::exactly_once && each.id == 0);
      if (each.what.group && may_go_on)
        found.push_back(each.what);
    }
  return found;
}

void server_session::choose_alias(publish_image::delivery& to, std::string_view topic) const {
  if (peer_alias_maximum_ == 0)
    return;
  const std::size_t used = aliases_ ? aliases_->size() : 0;
  if (aliases_)
    if (const auto known = aliases_->find(topic); known != aliases_->end()) {
      to.topic_alias = known->second;
      to.topic_known = true;
      return;
    }
  if (used < peer_alias_maximum_)
    to.topic_alias = static_cast<std::uint16_t>(used + 1);
}

void server_session::keep_alias(const publish_image::delivery& to, std::string_view topic) {
  if (to.topic_alias == 0 || to.topic_known)
    return;
  if (!aliases_)
    aliases_ = std::make_unique<std::map<std::string, std::uint16_t, std::less<>>>();
  aliases_->emplace(topic, to.topic_alias);
}

bool server_session::has_answers() const noexcept {
  return inbound_ && !inbound_->answers.empty() && inbound_->answers.front().done;
}

void server_session::write_answers() {
  if (!inbound_)
    return;
  auto& answers = inbound_->answers;
  for (; !answers.empty() && answers.front().done; ++inbound_->first) {
    const auto next = answers.front();
    answers.pop_front();
    const auto text = inbound_->texts.extract(inbound_->first);
    answer_properties told;
    if (!text.empty())
      told.reason_string = text.mapped();
    if (next.qos == qos::at_least_once) {
      if (!next.stale) {
        --inbound_->unanswered;
        reply(puback{next.id, next.reason, told});
      }
      continue;
    }
    if (is_failure(next.reason))
      inbound_->unreleased.erase(next.id); // no PUBREL follows a refusal (4.3.3)
    else if (const auto at = inbound_->unreleased.find(next.id); at != inbound_->unreleased.end())
      at->second = true;
    reply(pubrec{next.id, next.reason, told});
  }
}

} // namespace kodama::mqtt
