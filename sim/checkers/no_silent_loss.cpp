#include "sim/checkers/no_silent_loss.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "sim/checkers/text.hpp"

#include <algorithm>

namespace kodama::sim::checkers {
namespace {

/// Enough to see what went wrong; a session may have thousands of open publishes.
constexpr std::size_t names_max = 8;

/// More than a session is ever owed at once: all publishes of one read, and their bookkeeping.
constexpr std::size_t push_max = 128 * 1024;

/// A rule that no client breaks, not even one that sends garbage: that is too long, whatever it is.
bool accuses_client(errc reason) {
  switch (reason) {
  case errc::malformed_message:
  case errc::too_many_sections:
  case errc::message_id_gap:
  case errc::too_many_unacknowledged:
  case errc::unexpected_message:
  case errc::invalid_topic:
  case errc::topic_too_long:
  case errc::bad_acknowledgement: return true;
  default: return false;
  }
}

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
  users_[user].is_leaving = false;
}

void no_silent_loss::on_session_lost(instant now, user_id user, session_key who, errc reason,
                                     const std::vector<message_tag>& unconfirmed,
                                     const std::vector<topic_gap>& gaps) {
  exercise();
  judge_cause(now, user, who, reason);
  compare_unconfirmed(now, user, who, unconfirmed);
  compare_gaps(now, user, who, gaps);
  users_[user].doubtful.insert(unconfirmed.begin(), unconfirmed.end());
  forget(user);
}

void no_silent_loss::judge_cause(instant now, user_id user, session_key who, errc reason) {
  const auto given_up = [&] {
    return text(name_of(user, who), " gave up its session: ", to_string(reason));
  };
  switch (reason) {
  case errc::bad_token:
  case errc::unsupported_version: return; // for `authenticated` to judge
  case errc::normal:
    if (!users_[user].is_leaving)
      violate(now, given_up() + ", but its user has not asked for that");
    return;
  case errc::taken_over:
  case errc::resume_impossible:
    if (!shared_.contains(who))
      violate(now, given_up() + ", but nobody else has ever asked for it");
    return;
  case errc::connection_lost:
  case errc::connect_timeout:
  case errc::keepalive_timeout:
    violate(now, given_up() + ", which ends no more than a connection");
    return;
  default:
    if (who.client != 0 && !ended_at(who))
      violate(now, given_up() + ", but the server has not ended it");
  }
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
  const auto& of = users_[user];
  auto topics = of.topics;
  topics.insert(of.heard.begin(), of.heard.end());
  for (const auto& filter : of.filters)
    topics.emplace(filter, subscription{});
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
  known.filters.clear();
  known.heard.clear();
}

void no_silent_loss::on_disconnecting(instant, user_id user) {
  users_[user].is_leaving = true;
}

void no_silent_loss::on_stopped(instant now, user_id user, session_key who, errc reason) {
  exercise();
  const auto& known = users_[user];
  if (reason == errc::normal && !known.is_leaving)
    violate(now, text(name_of(user, who), " was disconnected for good: normal, but it has not ",
                      "asked for that"));
  else if (!known.open.empty())
    violate(now, text(name_of(user, who), " was disconnected for good and not told that ",
                      names_of(known.open), " are unconfirmed"));
  else if (known.session && reason != errc::normal)
    violate(now, text(name_of(user, who), " was disconnected for good and not told that its ",
                      "session is lost"));
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
  auto& known = users_[user];
  if (const auto subscribed = find(known.topics, topic)) {
    subscribed->last = sequence;
  } else if (is_matched(known, topic)) {
    auto& heard = at(known.heard, topic);
    if (heard.first == 0)
      heard.first = sequence;
    heard.last = sequence;
  }
}

void no_silent_loss::on_subscribed(instant, user_id user, session_key, std::string_view topic,
                                   topic_sequence first) {
  auto& known = users_[user];
  if (mqtt::has_wildcard(topic)) {
    known.filters.emplace(topic);
    return;
  }
  // A second SUBACK changes nothing.
  known.topics.try_emplace(std::string{topic}, subscription{first, 0});
  if (const auto heard = known.heard.find(topic); heard != known.heard.end())
    known.heard.erase(heard);
}

void no_silent_loss::on_unsubscribed(instant, user_id user, session_key, std::string_view topic,
                                     topic_sequence) {
  auto& known = users_[user];
  if (const auto where = known.topics.find(topic); where != known.topics.end())
    known.topics.erase(where);
  if (const auto where = known.filters.find(topic); where != known.filters.end())
    known.filters.erase(where);
  std::erase_if(known.heard, [&](const auto& each) { return !is_matched(known, each.first); });
}

bool no_silent_loss::is_matched(const knowledge& of, std::string_view topic) {
  return std::any_of(of.filters.begin(), of.filters.end(),
                     [&](const auto& filter) { return mqtt::matches(filter, topic); });
}

void no_silent_loss::on_session_ended(instant now, session_key session, errc reason) {
  ended_.try_emplace(session, now);
  exercise();
  const auto away = server_time(now) - visits_[session].detached.value_or(server_time(now));
  // Clocks are wrong by a few percent.
  if (reason == errc::session_unknown && away < resume_window_ - resume_window_ / 8)
    violate(now,
            text("the server ended ", name_of(session), " after ", away,
                 " of its time without a connection, but its resume window is ", resume_window_));
  if (reason == errc::taken_over || reason == errc::resume_impossible)
    violate(now, text("the server ended ", name_of(session), ": ", to_string(reason),
                      ", which concerns one connection alone"));
  const auto backlog = visits_[session].backlog;
  if (reason == errc::slow_reader && backlog + push_max < session_buffer_max_)
    violate(now, text("the server ended ", name_of(session), " as a slow reader, but kept only ",
                      backlog, " bytes for it; session_buffer_max is ", session_buffer_max_));
  // Garbage that happens to begin with a possible header may break any rule, once in 65,000 times;
  // not twice in one run.
  if (accuses_client(reason) && ++accused_ == 2)
    violate(now, text("the server ended ", name_of(session), ": ", to_string(reason),
                      "; it is the second one that it accuses of breaking a rule, but the clients ",
                      "keep to the rules"));
}

void no_silent_loss::on_backlog(instant, session_key session, std::size_t bytes) {
  visits_[session].backlog = bytes;
}

void no_silent_loss::on_server_started(instant, std::uint32_t, duration resume_window) {
  resume_window_ = resume_window;
}

void no_silent_loss::on_server_leapt(instant, duration by) {
  leapt_ += by;
}

void no_silent_loss::on_attached(instant, session_key session, std::uint64_t, duration) {
  visits_[session].detached.reset();
}

void no_silent_loss::on_session_detached(instant now, session_key session, errc) {
  visits_[session].detached = server_time(now);
}

void no_silent_loss::on_second_copy(instant, session_key session) {
  shared_.insert(session);
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
