#include "sim/checkers/subscribe_edge.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "sim/checkers/text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace kodama::sim::checkers {
namespace {

std::optional<topic_sequence> take(std::deque<topic_sequence>& from) {
  if (from.empty())
    return std::nullopt;
  const auto front = from.front();
  from.pop_front();
  return front;
}

} // namespace

void subscribe_edge::on_server_subscribed(instant, std::string_view topic, session_key session,
                                          topic_sequence first) {
  at(sessions_[session].topics, topic).server_firsts.push_back(first);
}

void subscribe_edge::on_server_unsubscribed(instant now, std::string_view topic,
                                            session_key session, topic_sequence end) {
  auto& known = at(sessions_[session].topics, topic);
  known.server_ends.push_back(end);
  known.server_ended = now;
}

void subscribe_edge::on_subscribed(instant now, user_id user, session_key who,
                                   std::string_view topic, topic_sequence first) {
  exercise();
  if (mqtt::has_wildcard(topic)) {
    sessions_[who].filters.emplace(topic);
    return;
  }
  auto& known = at(sessions_[who].topics, topic);
  if (!known.active) {
    judge_begin(now, user, who, topic, first, known);
    known.active = true;
    known.first = known.next = first;
  } else if (first != known.next) {
    violate_once(now, known,
                 text(name_of(user, who), " subscribed to \"", topic,
                      "\" once more and SUBACK named ", first, ", but ", known.next,
                      " has to come next"));
  }
}

void subscribe_edge::judge_begin(instant now, user_id user, session_key who, std::string_view topic,
                                 topic_sequence first, subscription& known) {
  const auto decided = take(known.server_firsts);
  if (!decided)
    violate_once(now, known,
                 text(name_of(user, who), " was told that it is subscribed to \"", topic,
                      "\" from ", first, " on, but the server has not subscribed it"));
  else if (*decided != first)
    violate_once(now, known,
                 text(name_of(user, who), " was told that it is subscribed to \"", topic,
                      "\" from ", first, " on, but the server subscribed it from ", *decided,
                      " on"));
}

void subscribe_edge::on_unsubscribed(instant now, user_id user, session_key who,
                                     std::string_view topic, topic_sequence end) {
  auto& [topics, filters] = sessions_[who];
  if (const auto filter = filters.find(topic); filter != filters.end()) {
    exercise();
    filters.erase(filter);
  }
  auto& known = at(topics, topic);
  if (!known.active)
    return; // whoever is not subscribed may still ask, and changes nothing
  exercise();
  judge_end(now, user, who, topic, end, known);
  known.active = false;
  known.ended = end;
}

void subscribe_edge::judge_end(instant now, user_id user, session_key who, std::string_view topic,
                               topic_sequence end, subscription& known) {
  const auto decided = take(known.server_ends);
  const auto answer = text(name_of(user, who), " was told that its subscription to \"", topic,
                           "\", from ", known.first, " on, ends before ", end, ", but ");
  if (known.next > end)
    violate_once(now, known, text(answer, "it has received ", known.next - 1));
  else if (known.next < end)
    violate_once(now, known,
                 text(answer, "it has not received ", known.next,
                      known.next + 1 == end ? "" : " and what follows"));
  else if (!decided)
    violate_once(now, known, text(answer, "the server has not unsubscribed it"));
  else if (*decided != end)
    violate_once(now, known, text(answer, "the server unsubscribed it before ", *decided));
}

void subscribe_edge::on_received(instant now, user_id user, session_key who, std::string_view topic,
                                 topic_sequence sequence, client_id sender, message_tag tag,
                                 bool by_udp) {
  auto& [topics, filters] = sessions_[who];
  auto& known = at(topics, topic);
  const auto received = [&] {
    return text(name_of(user, who), " received message ", name_of(tag), " of client ", sender,
                " to \"", topic, "\" ",
                sequence == 0 ? text("without a guarantee by ", by_udp ? "UDP" : "TCP")
                              : text("as ", sequence));
  };
  if (!known.active) {
    if (std::any_of(filters.begin(), filters.end(),
                    [&](const auto& each) { return mqtt::matches(each, topic); })) {
      exercise();
      return;
    }
    violate_once(now, known,
                 text(received(), ", but ",
                      known.ended != 0
                          ? text("UNSUBACK ended its subscription before ", known.ended)
                          : "it has no SUBACK for the topic, nor for a filter"));
    return;
  }
  if (sequence == 0)
    return;
  if (known.next == known.first) {
    exercise();
    if (sequence != known.first)
      violate_once(now, known,
                   text(received(), ", but SUBACK named ", known.first, " as the first"));
  }
  // Gaps further on are the business of topic-order.
  known.next = sequence + 1;
}

void subscribe_edge::violate_once(instant when, subscription& about, std::string what) {
  if (!std::exchange(about.told, true))
    violate(when, std::move(what));
}

void subscribe_edge::on_session_lost(instant, user_id, session_key who, errc,
                                     const std::vector<message_tag>&,
                                     const std::vector<topic_gap>&) {
  sessions_.erase(who);
}

void subscribe_edge::on_stopped(instant, user_id, session_key who, errc) {
  sessions_.erase(who);
}

void subscribe_edge::on_forgot(instant, user_id, session_key who) {
  sessions_.erase(who);
}

void subscribe_edge::on_connected(instant, user_id user, session_key who, bool, duration) {
  current_[user] = who;
}

void subscribe_edge::on_session_ended(instant, session_key session, errc) {
  ended_.insert(session);
}

void subscribe_edge::on_server_stopped(instant, std::uint32_t life) {
  lives_over_.insert(life);
}

void subscribe_edge::on_healed(instant now) {
  deadline_.handle_healed(now);
}

void subscribe_edge::on_end(instant now, const std::vector<user_id>& reachable) {
  for (const auto user : reachable)
    if (const auto current = current_.find(user);
        current != current_.end() && !ended_.contains(current->second) &&
        !lives_over_.contains(current->second.server_life))
      judge_belief(now, user, current->second);
}

void subscribe_edge::judge_belief(instant now, user_id user, session_key who) {
  for (auto& [topic, known] : sessions_[who].topics)
    if (known.active && !known.server_ends.empty() && deadline_.passed(known.server_ended, now))
      violate_once(now, known,
                   text(name_of(user, who), " believes itself subscribed to \"", topic, "\" from ",
                        known.first, " on, but the server unsubscribed it before ",
                        known.server_ends.front(), " and never told it; the bound is ",
                        deadline_.bound()));
}

} // namespace kodama::sim::checkers
