#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

using namespace std::chrono_literals;

inline constexpr std::string_view room = "room";
inline constexpr duration resume_window = 16s;
inline constexpr bounds some_bounds{.session_buffer_max = 1000,
                                    .sessions_max = 3,
                                    .liveness = 10s,
                                    .keepalive_slack = 100ms,
                                    .udp_patience = 6s};

/// Tells one checker a history, one step a millisecond. Users are told apart by their numbers; the
/// sessions of a server life get the ClientIDs 1, 2, 3 … in the order in which they are opened.
class story {
public:
  explicit story(checker& to)
      : to_{to} {
    to_.on_server_started(now_, life_, resume_window);
  }

  [[nodiscard]] instant now() const { return now_; }
  [[nodiscard]] session_key session(user_id user) const { return sessions_.at(user); }
  [[nodiscard]] std::uint64_t link(user_id user) const { return links_.at(user); }
  instant step() { return now_ += 1ms; }
  story& pass(duration time) {
    now_ += time;
    return *this;
  }

  story& opens(user_id user) {
    sessions_[user] = {life_, ++last_client_};
    to_.on_session_opened(step(), session(user));
    return attaches(user, false);
  }
  story& attaches(user_id user, bool resumed = true) {
    links_[user] = ++last_link_;
    to_.on_attached(now_, session(user), link(user), 1s);
    to_.on_heard(now_, session(user), link(user));
    to_.on_connected(step(), user, session(user), resumed, 1s);
    return *this;
  }
  story& detaches(user_id user) {
    to_.on_session_detached(step(), session(user), errc::connection_lost);
    to_.on_connection_lost(now_, user, session(user), errc::connection_lost);
    return *this;
  }
  story& hears(user_id user) {
    to_.on_heard(step(), session(user), link(user));
    return *this;
  }
  story& subscribes(user_id user, topic_sequence first, std::string_view topic = room) {
    to_.on_server_subscribed(step(), topic, session(user), first);
    to_.on_subscribed(now_, user, session(user), topic, first);
    return *this;
  }
  story& unsubscribes(user_id user, topic_sequence end, std::string_view topic = room) {
    to_.on_server_unsubscribed(step(), topic, session(user), end);
    to_.on_unsubscribed(now_, user, session(user), topic, end);
    return *this;
  }
  /// A filter with wildcards.
  story& subscribes_by(user_id user, std::string_view filter) {
    to_.on_subscribed(step(), user, session(user), filter, 0);
    return *this;
  }
  story& asks_to_unsubscribe_by(user_id user, std::string_view filter) {
    to_.on_unsubscribing(step(), user, session(user), filter);
    return *this;
  }
  story& unsubscribes_by(user_id user, std::string_view filter) {
    to_.on_unsubscribed(step(), user, session(user), filter, 0);
    return *this;
  }
  story& publishes(message_tag tag, bool reliable = true, std::string_view topic = room) {
    to_.on_published(step(), tag.user, session(tag.user), topic, tag, reliable);
    return *this;
  }
  story& sequences(message_tag tag, topic_sequence sequence, std::string_view topic = room) {
    to_.on_sequenced(step(), topic, session(tag.user), sequence, tag);
    return *this;
  }
  story& acknowledges(message_tag tag) {
    to_.on_acknowledged(step(), tag.user, session(tag.user), tag);
    return *this;
  }
  /// `sequence` 0: without a guarantee.
  story& receives(user_id user, message_tag tag, topic_sequence sequence,
                  std::string_view topic = room, bool by_udp = false) {
    to_.on_received(step(), user, session(user), topic, sequence, session(tag.user).client, tag,
                    by_udp);
    return *this;
  }
  /// All of it, with one subscriber.
  story& delivers(user_id user, message_tag tag, topic_sequence sequence,
                  std::string_view topic = room) {
    return publishes(tag, true, topic)
        .sequences(tag, sequence, topic)
        .acknowledges(tag)
        .receives(user, tag, sequence, topic);
  }
  story& announces(presence_sequence sequence, client_id client, message::presence_event event) {
    to_.on_server_presence(step(), room, life_, sequence, client, event);
    return *this;
  }
  story& notifies(user_id user, presence_sequence sequence, client_id client,
                  message::presence_event event) {
    to_.on_presence_received(step(), user, session(user), room, sequence, client, event);
    return *this;
  }
  story& watches(user_id user, presence_sequence first) {
    to_.on_watching(step(), user, session(user), room, first);
    return *this;
  }
  story& unwatches(user_id user, presence_sequence end) {
    to_.on_unwatched(step(), user, session(user), room, end);
    return *this;
  }
  story& lists(user_id user, presence_sequence sequence,
               const std::vector<client_id>& subscribers) {
    to_.on_list(step(), user, session(user), room, sequence, subscribers);
    return *this;
  }
  /// Which the server has ended.
  story& loses_session(user_id user, const std::vector<message_tag>& unconfirmed,
                       const std::vector<checker::topic_gap>& gaps = {}) {
    to_.on_session_ended(now_, session(user), errc::normal);
    to_.on_session_lost(step(), user, session(user), errc::session_unknown, unconfirmed, gaps);
    return *this;
  }
  story& proves_udp(user_id user) {
    to_.on_udp_changed(step(), user, true);
    to_.on_route_changed(now_, session(user), true);
    return *this;
  }
  story& doubts_udp(user_id user, bool server) {
    if (server)
      to_.on_route_changed(step(), session(user), false);
    else
      to_.on_udp_changed(step(), user, false);
    return *this;
  }
  story& blocks_udp(user_id user, duration lasts, udp_directions which = udp_directions::both) {
    to_.on_udp_blocked(step(), user, which, now_ + lasts);
    return *this;
  }
  story& stops(user_id user) {
    to_.on_disconnecting(step(), user);
    to_.on_stopped(step(), user, session(user), errc::normal);
    return *this;
  }
  story& forgets(user_id user) {
    to_.on_forgot(step(), user, session(user));
    return *this;
  }
  story& ends_session(user_id user, errc reason = errc::slow_reader) {
    to_.on_session_ended(step(), session(user), reason);
    return *this;
  }
  story& restarts() {
    to_.on_server_stopped(step(), life_);
    to_.on_server_started(step(), ++life_, resume_window);
    last_client_ = 0;
    return *this;
  }
  story& heals() {
    to_.on_healed(step());
    return *this;
  }
  void ends(const std::vector<user_id>& reachable) { to_.on_end(step(), reachable); }

private:
  checker& to_;
  instant now_{};
  std::uint32_t life_ = 1;
  client_id last_client_ = 0;
  std::uint64_t last_link_ = 0;
  std::map<user_id, session_key> sessions_;
  std::map<user_id, std::uint64_t> links_;
};

/// No violation, and there could have been one.
inline testing::AssertionResult holds(const checker& judge) {
  if (!judge.violations().empty())
    return testing::AssertionFailure() << judge.violations().front().text;
  if (judge.exercised() == 0)
    return testing::AssertionFailure() << judge.promise() << " was never exercised";
  return testing::AssertionSuccess();
}

/// One violation, whose text holds all the pieces.
inline testing::AssertionResult breaks(const checker& judge,
                                       std::initializer_list<std::string_view> pieces) {
  if (judge.violations().size() != 1)
    return testing::AssertionFailure() << judge.violations().size() << " violations";
  const auto& only = judge.violations().front();
  if (only.promise != judge.promise())
    return testing::AssertionFailure() << "in the name of " << only.promise;
  for (const auto piece : pieces)
    if (only.text.find(piece) == std::string::npos)
      return testing::AssertionFailure() << "no \"" << piece << "\" in: " << only.text;
  return testing::AssertionSuccess() << only.text;
}

} // namespace kodama::sim
