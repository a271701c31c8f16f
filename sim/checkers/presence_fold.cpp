#include "sim/checkers/presence_fold.hpp"

#include "sim/checkers/text.hpp"

#include <utility>

namespace kodama::sim::checkers {
namespace {

using message::presence_event;

template <class Clients>
std::string names_of(const Clients& clients) {
  std::string all;
  for (const auto client : clients)
    all += all.empty() ? text(client) : text(" ", client);
  return all.empty() ? "nobody" : all;
}

} // namespace

std::string presence_fold::describe(const change& what) {
  return text("client ", what.client,
              what.event == presence_event::joined ? " joining" : " leaving");
}

void presence_fold::on_server_presence(instant now, std::string_view topic, std::uint32_t life,
                                       presence_sequence sequence, client_id client,
                                       presence_event event) {
  exercise();
  auto& known = at(histories_[life], topic);
  const change what{client, event};
  const auto announced = [&] {
    return text("server life ", life, " announced ", describe(what), " as presence ", sequence,
                " of \"", topic, "\"");
  };
  if (!known.changes.empty()) {
    const auto& [last, before] = *known.changes.rbegin();
    if (sequence <= last)
      violate_once(now, known.told,
                   text(announced(), " after it had given ", last, " to ", describe(before)));
    else if (sequence != last + 1 && !known.members.empty())
      violate_once(now, known.told,
                   text(announced(), " right after ", last, " although ", names_of(known.members),
                        " held the topic"));
  }
  const bool joined = event == presence_event::joined;
  const bool changed =
      joined ? known.members.insert(client).second : known.members.erase(client) != 0;
  if (!changed)
    violate_once(
        now, known.told,
        text(announced(), ", but it ", joined ? "had joined already" : "was not in the topic"));
  known.changes.try_emplace(sequence, what);
  known.announced.try_emplace(sequence, now);
}

void presence_fold::on_watching(instant now, user_id user, session_key who, std::string_view topic,
                                presence_sequence first) {
  auto& known = at(watches_[who], topic);
  if (known.active) {
    if (first != known.next)
      violate_once(now, known.told,
                   text(name_of(user, who), " watches \"", topic,
                        "\" once more and was told that it begins at ", first, ", but ", known.next,
                        " has to come next"));
    return;
  }
  known.active = true;
  known.first = known.next = first;
}

void presence_fold::on_unwatched(instant now, user_id user, session_key who, std::string_view topic,
                                 presence_sequence end) {
  auto& known = at(watches_[who], topic);
  if (!known.active)
    return;
  known.active = false;
  if (known.next != end)
    violate_once(now, known.told,
                 text(name_of(user, who), " was told that its watch of \"", topic, "\", from ",
                      known.first, " on, ends before ", end, ", but presence ", known.next,
                      " had to come next"));
}

void presence_fold::on_presence_received(instant now, user_id user, session_key who,
                                         std::string_view topic, presence_sequence sequence,
                                         client_id client, presence_event event) {
  exercise();
  auto& known = at(watches_[who], topic);
  const change what{client, event};
  const auto notified = [&] {
    return text(name_of(user, who), " was notified of ", describe(what), " as presence ", sequence,
                " of \"", topic, "\"");
  };
  if (!known.active) {
    violate_once(now, known.told, text(notified(), ", but does not watch the topic"));
    return;
  }
  if (sequence != known.next)
    violate_once(now, known.told, text(notified(), ", but ", known.next, " was due"));
  known.next = sequence + 1;
  const auto truth = find(histories_, who.server_life, topic);
  const auto said = truth == nullptr ? std::map<presence_sequence, change>::iterator{}
                                     : truth->changes.find(sequence);
  if (truth == nullptr || said == truth->changes.end())
    violate_once(now, known.told, text(notified(), ", a number that the server has not given"));
  else if (said->second != what)
    violate_once(
        now, known.told,
        text(notified(), ", but under that number the server announced ", describe(said->second)));
}

void presence_fold::on_list(instant now, user_id user, session_key who, std::string_view topic,
                            presence_sequence sequence, const std::vector<client_id>& subscribers) {
  exercise();
  const std::set<client_id> listed{subscribers.begin(), subscribers.end()};
  const auto truth = find(histories_, who.server_life, topic);
  const auto folded = truth == nullptr ? std::set<client_id>{} : fold(*truth, sequence);
  if (listed == folded && listed.size() == subscribers.size())
    return;
  violate_once(now, at(watches_[who], topic).told,
               text(name_of(user, who), " got the subscriber list of \"", topic, "\" at presence ",
                    sequence, ": ", names_of(subscribers), "; but the notifications up to there ",
                    "make ", names_of(folded)));
}

std::set<client_id> presence_fold::fold(const history& of, presence_sequence through) {
  std::set<client_id> members;
  for (const auto& [sequence, what] : of.changes) {
    if (sequence > through)
      break;
    if (what.event == presence_event::joined)
      members.insert(what.client);
    else
      members.erase(what.client);
  }
  return members;
}

void presence_fold::on_connected(instant, user_id user, session_key who, bool, duration) {
  current_[user] = who;
}

void presence_fold::on_session_lost(instant, user_id user, session_key who, errc,
                                    const std::vector<message_tag>&,
                                    const std::vector<topic_gap>&) {
  forget(user, who);
}

void presence_fold::on_stopped(instant, user_id user, session_key who, errc) {
  forget(user, who);
}

void presence_fold::on_forgot(instant, user_id user, session_key who) {
  forget(user, who);
}

void presence_fold::forget(user_id user, session_key who) {
  current_.erase(user);
  watches_.erase(who);
}

void presence_fold::on_session_ended(instant now, session_key session, errc) {
  ended_.try_emplace(session, now);
}

void presence_fold::on_server_stopped(instant, std::uint32_t life) {
  lives_over_.insert(life);
}

void presence_fold::on_healed(instant now) {
  deadline_.handle_healed(now);
}

void presence_fold::on_end(instant now, const std::vector<user_id>& reachable) {
  for (const auto user : reachable)
    if (const auto current = current_.find(user);
        current != current_.end() && !ended_.contains(current->second) &&
        !lives_over_.contains(current->second.server_life))
      judge_watches(now, user, current->second);
  judge_members(now);
}

void presence_fold::judge_watches(instant now, user_id user, session_key session) {
  for (auto& [topic, known] : watches_[session]) {
    const auto truth = find(histories_, session.server_life, topic);
    if (!known.active || truth == nullptr)
      continue;
    const auto missing = truth->changes.lower_bound(known.next);
    // What was announced a moment ago is still under way.
    if (missing != truth->changes.end() &&
        deadline_.passed(truth->announced.at(missing->first), now))
      violate_once(now, known.told,
                   text(name_of(user, session), ", watching \"", topic, "\" from ", known.first,
                        " on, was never notified of ", describe(missing->second), ", presence ",
                        missing->first));
  }
}

/// Whoever is gone has to leave, or lists and watchers never learn the truth.
void presence_fold::judge_members(instant now) {
  for (auto& [life, topics] : histories_) {
    if (lives_over_.contains(life))
      continue;
    for (auto& [topic, known] : topics)
      for (const auto client : known.members) {
        const session_key session{life, client};
        const auto ended = ended_.find(session);
        if (ended != ended_.end() && deadline_.passed(ended->second, now))
          violate_once(now, known.told,
                       text(name_of(session), " ended at ", ended->second,
                            ", but is still a subscriber of \"", topic, "\""));
      }
  }
}

void presence_fold::violate_once(instant when, bool& told, std::string what) {
  if (!std::exchange(told, true))
    violate(when, std::move(what));
}

} // namespace kodama::sim::checkers
