#include "sim/checkers/delivery_ledger.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "sim/checkers/text.hpp"

#include <algorithm>
#include <utility>

namespace kodama::sim::checkers {

namespace {

bool is_filter(std::string_view topic) {
  return mqtt::has_wildcard(topic);
}

} // namespace

void delivery_ledger::on_connected(instant, user_id user, session_key who, bool, duration) {
  current_[user] = who;
}

void delivery_ledger::on_session_lost(instant, user_id user, session_key, errc,
                                      const std::vector<message_tag>&,
                                      const std::vector<topic_gap>&) {
  current_.erase(user);
  filters_.erase(user);
}

void delivery_ledger::on_stopped(instant, user_id user, session_key, errc) {
  current_.erase(user);
  filters_.erase(user);
}

void delivery_ledger::on_forgot(instant, user_id user, session_key) {
  current_.erase(user);
  filters_.erase(user);
}

void delivery_ledger::on_received(instant, user_id, session_key who, std::string_view topic,
                                  topic_sequence sequence, client_id, message_tag, bool) {
  if (sequence != 0)
    at(subscriptions_[who], topic).received.insert(sequence);
}

void delivery_ledger::on_session_ended(instant, session_key session, errc) {
  ended_.insert(session);
}

void delivery_ledger::on_server_stopped(instant, std::uint32_t life) {
  lives_over_.insert(life);
}

void delivery_ledger::on_published(instant now, user_id, session_key, std::string_view,
                                   message_tag tag, bool reliable) {
  if (reliable && !filters_.empty())
    published_.try_emplace(tag, now);
}

void delivery_ledger::on_mqtt_published(instant now, user_id, const mqtt_message& what,
                                        std::uint32_t) {
  if (what.qos != mqtt::qos::at_most_once && what.tag != empty_message && !filters_.empty())
    published_.try_emplace(what.tag, now);
}

void delivery_ledger::on_subscribed(instant now, user_id user, session_key, std::string_view topic,
                                    topic_sequence) {
  if (!is_filter(topic))
    return;
  auto& known = at(filters_[user], topic);
  // What follows an UNSUBSCRIBE that is under way is not owed any more.
  if (!std::exchange(known.active, true) && known.leaving == 0)
    known.times.push_back({now});
}

void delivery_ledger::on_unsubscribing(instant now, user_id user, session_key,
                                       std::string_view topic) {
  if (!is_filter(topic))
    return;
  auto& known = at(filters_[user], topic);
  ++known.leaving;
  if (!known.times.empty())
    known.times.back().until = std::min(known.times.back().until, now);
}

void delivery_ledger::on_unsubscribed(instant, user_id user, session_key, std::string_view topic,
                                      topic_sequence) {
  if (!is_filter(topic))
    return;
  auto& known = at(filters_[user], topic);
  known.active = false;
  if (known.leaving != 0)
    --known.leaving;
}

void delivery_ledger::on_server_subscribed(instant, std::string_view topic, session_key session,
                                           topic_sequence first) {
  at(subscriptions_[session], topic).intervals.push_back({first, std::nullopt});
}

void delivery_ledger::on_server_unsubscribed(instant, std::string_view topic, session_key session,
                                             topic_sequence end) {
  auto& intervals = at(subscriptions_[session], topic).intervals;
  if (!intervals.empty() && !intervals.back().end)
    intervals.back().end = end;
}

void delivery_ledger::on_sequenced(instant now, std::string_view topic, session_key sender,
                                   topic_sequence sequence, message_tag tag) {
  // What was sequenced first stays: that a number is given twice is for topic-order to say.
  at(sequenced_[sender.server_life], topic).try_emplace(sequence, sequenced{tag, now});
}

std::optional<session_key> delivery_ledger::session_of(user_id user) const {
  const auto believed = current_.find(user);
  if (believed == current_.end() || ended_.contains(believed->second) ||
      lives_over_.contains(believed->second.server_life))
    return std::nullopt;
  return believed->second;
}

const delivery_ledger::sequenced* delivery_ledger::find_sequenced(std::uint32_t life,
                                                                  std::string_view topic,
                                                                  topic_sequence sequence) {
  const auto messages_of = find(sequenced_, life, topic);
  if (messages_of == nullptr)
    return nullptr;
  const auto where = messages_of->find(sequence);
  return where == messages_of->end() ? nullptr : &where->second;
}

std::vector<delivery_ledger::owed> delivery_ledger::missing(user_id user,
                                                            session_key session) const {
  std::vector<owed> all;
  const auto topics = sequenced_.find(session.server_life);
  if (topics == sequenced_.end())
    return all;
  const auto own = subscriptions_.find(session);
  const auto filters = filters_.find(user);
  for (const auto& [topic, messages_of] : topics->second) {
    const subscription* subscribed = nullptr;
    if (own != subscriptions_.end())
      if (const auto where = own->second.find(topic); where != own->second.end())
        subscribed = &where->second;
    if (subscribed != nullptr)
      add_missing(all, topic, messages_of, *subscribed);
    if (filters != filters_.end())
      for (const auto& [text, one] : filters->second)
        if (mqtt::matches(text, topic))
          add_missing(all, topic, messages_of, subscribed, text, one);
  }
  return all;
}

void delivery_ledger::add_missing(std::vector<owed>& to, std::string_view topic, const messages& of,
                                  const subscription& subscribed) {
  for (const auto& [first, end] : subscribed.intervals)
    for (auto at = of.lower_bound(first); at != of.end() && (!end || at->first < *end); ++at)
      if (!subscribed.received.contains(at->first))
        to.push_back({topic, at->first, at->second.tag, at->second.when,
                      text("it is subscribed from ", first, " on")});
}

void delivery_ledger::add_missing(std::vector<owed>& to, std::string_view topic, const messages& of,
                                  const subscription* subscribed, std::string_view filter_text,
                                  const filter& by) const {
  for (const auto& [sequence, message] : of) {
    if (subscribed != nullptr && subscribed->received.contains(sequence))
      continue;
    const auto published = published_.find(message.tag);
    if (published == published_.end())
      continue;
    for (const auto& [since, until] : by.times)
      if (published->second > since && message.when < until)
        to.push_back({topic, sequence, message.tag, message.when,
                      text("it is subscribed to \"", filter_text, "\" since ", since)});
  }
}

} // namespace kodama::sim::checkers
