#include "sim/checkers/no_silent_loss.hpp"

#include "sim/checkers/text.hpp"

#include <algorithm>

namespace kodama::sim::checkers {
namespace {

/// Enough to see what went wrong; a session may have thousands of open publishes.
constexpr std::size_t names_max = 8;

template <class Tags>
std::string names_of(const Tags& tags) {
  std::string all;
  std::size_t count = 0;
  for (const auto& tag : tags) {
    if (count++ == names_max)
      return text(all, " … ", tags.size(), " in all");
    all += all.empty() ? name_of(tag) : " " + name_of(tag);
  }
  return all.empty() ? "none" : all;
}

} // namespace

void no_silent_loss::on_connected(instant, user_id user, session_key who, bool, duration) {
  users_[user].session = who;
}

void no_silent_loss::on_session_lost(instant now, user_id user, session_key who, errc,
                                     const std::vector<message_tag>& unconfirmed,
                                     const std::vector<topic_gap>& gaps) {
  exercise();
  compare_unconfirmed(now, user, who, unconfirmed);
  compare_gaps(now, user, who, gaps);
  users_[user].doubtful.insert(unconfirmed.begin(), unconfirmed.end());
  forget(user);
}

void no_silent_loss::compare_unconfirmed(instant now, user_id user, session_key who,
                                         const std::vector<message_tag>& told) {
  const auto& open = users_[user].open;
  if (std::equal(told.begin(), told.end(), open.begin(), open.end()))
    return;
  const std::set<message_tag> named{told.begin(), told.end()};
  std::string contradiction = "the order is not that of publishing, or one is named twice";
  for (const auto& tag : named)
    if (!open.contains(tag))
      contradiction = text(name_of(tag), " is not open");
  for (const auto& tag : open)
    if (!named.contains(tag)) {
      contradiction = text(name_of(tag), " was neither acknowledged nor refused, and is not named");
      break;
    }
  violate(now, text(name_of(user, who), " lost its session and was told that unconfirmed are ",
                    names_of(told), ", but open are ", names_of(open), ": ", contradiction));
}

void no_silent_loss::compare_gaps(instant now, user_id user, session_key who,
                                  const std::vector<topic_gap>& told) {
  const auto& topics = users_[user].topics;
  by_topic<int> named;
  for (const auto& gap : told) {
    const auto known = topics.find(gap.topic);
    if (known == topics.end()) {
      violate(now, text(name_of(user, who), " was told of a gap in \"", gap.topic, "\" from ",
                        gap.first_owed, " on, but was not subscribed to it"));
      return;
    }
    const auto& [first, last] = known->second;
    if (gap.last_delivered != last || gap.first_owed != first || ++named[gap.topic] != 1) {
      violate(now, text(name_of(user, who), " was told that it subscribed to \"", gap.topic,
                        "\" from ", gap.first_owed, " on and received through ", gap.last_delivered,
                        ", but it subscribed from ", first, " on and received through ", last,
                        named.contains(gap.topic) ? "; and it was told twice" : ""));
      return;
    }
  }
  for (const auto& [topic, known] : topics)
    if (!named.contains(topic)) {
      violate(now, text(name_of(user, who), " lost its session and was not told of \"", topic,
                        "\", to which it was subscribed from ", known.first,
                        " on and of which it received through ", known.last));
      return;
    }
}

void no_silent_loss::forget(user_id user) {
  auto& known = users_[user];
  known.session.reset();
  known.open.clear();
  known.topics.clear();
}

void no_silent_loss::on_stopped(instant, user_id user, session_key, errc) {
  forget(user);
}

void no_silent_loss::on_forgot(instant, user_id user, session_key) {
  forget(user);
}

void no_silent_loss::on_published(instant, user_id user, session_key, std::string_view,
                                  message_tag tag, bool reliable) {
  if (reliable)
    users_[user].open.insert(tag);
}

void no_silent_loss::on_acknowledged(instant now, user_id user, session_key who, message_tag tag) {
  auto& known = users_[user];
  known.open.erase(tag);
  // Told once: it leaves the set.
  if (known.doubtful.erase(tag) != 0)
    violate(now, text(name_of(user, who), " saw its publish ", name_of(tag),
                      " acknowledged, but had been told before that it is unconfirmed"));
}

void no_silent_loss::on_publish_failed(instant, user_id user, session_key, message_tag tag, errc) {
  users_[user].open.erase(tag);
}

void no_silent_loss::on_received(instant, user_id user, session_key, std::string_view topic,
                                 topic_sequence sequence, client_id, message_tag, bool) {
  if (sequence == 0)
    return;
  if (const auto known = find(users_[user].topics, topic))
    known->last = sequence;
}

void no_silent_loss::on_subscribed(instant, user_id user, session_key, std::string_view topic,
                                   topic_sequence first) {
  // A second SUBACK changes nothing.
  users_[user].topics.try_emplace(std::string{topic}, subscription{first, 0});
}

void no_silent_loss::on_unsubscribed(instant, user_id user, session_key, std::string_view topic,
                                     topic_sequence) {
  auto& topics = users_[user].topics;
  if (const auto where = topics.find(topic); where != topics.end())
    topics.erase(where);
}

void no_silent_loss::on_session_ended(instant now, session_key session, errc) {
  ended_.try_emplace(session, now);
}

void no_silent_loss::on_server_stopped(instant now, std::uint32_t life) {
  lives_over_.try_emplace(life, now);
}

std::optional<instant> no_silent_loss::ended_at(session_key session) const {
  if (const auto ended = ended_.find(session); ended != ended_.end())
    return ended->second;
  if (const auto over = lives_over_.find(session.server_life); over != lives_over_.end())
    return over->second;
  return std::nullopt;
}

void no_silent_loss::on_healed(instant now) {
  deadline_.handle_healed(now);
}

void no_silent_loss::on_end(instant now, const std::vector<user_id>& reachable) {
  for (const auto user : reachable) {
    const auto& believed = users_[user].session;
    if (!believed)
      continue;
    exercise();
    const auto ended = ended_at(*believed);
    if (ended && deadline_.passed(*ended, now))
      violate(now, text(name_of(user, *believed), " still believes in its session, but the server ",
                        "ended it at ", *ended, ", more than ", deadline_.bound(), " ago"));
  }
}

} // namespace kodama::sim::checkers
