#include "sim/checkers/delivery_ledger.hpp"

namespace kodama::sim::checkers {

void delivery_ledger::on_connected(instant, user_id user, session_key who, bool, duration) {
  current_[user] = who;
}

void delivery_ledger::on_session_lost(instant, user_id user, session_key, errc,
                                      const std::vector<message_tag>&,
                                      const std::vector<topic_gap>&) {
  current_.erase(user);
}

void delivery_ledger::on_stopped(instant, user_id user, session_key, errc) {
  current_.erase(user);
}

void delivery_ledger::on_forgot(instant, user_id user, session_key) {
  current_.erase(user);
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

std::vector<delivery_ledger::owed> delivery_ledger::missing(session_key session) const {
  std::vector<owed> all;
  const auto topics = sequenced_.find(session.server_life);
  const auto own = subscriptions_.find(session);
  if (topics == sequenced_.end() || own == subscriptions_.end())
    return all;
  for (const auto& [topic, subscribed] : own->second) {
    const auto messages_of = topics->second.find(topic);
    if (messages_of == topics->second.end())
      continue;
    for (const auto& [first, end] : subscribed.intervals)
      for (auto at = messages_of->second.lower_bound(first);
           at != messages_of->second.end() && (!end || at->first < *end); ++at)
        if (!subscribed.received.contains(at->first))
          all.push_back({topic, at->first, at->second.tag, at->second.when, first});
  }
  return all;
}

} // namespace kodama::sim::checkers
