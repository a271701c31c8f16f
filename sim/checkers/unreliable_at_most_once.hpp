#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace kodama::sim::checkers {

/// Holds the run to `unreliable-at-most-once`: a message without a guarantee comes once or not at
/// all, and never after a newer one of the same sender and topic, whichever way the two took. And
/// by UDP or else by TCP it does come where nothing is in its way: in a network that has been whole
/// for long, between two users who have been connected for long, to a subscriber of long standing.
class unreliable_at_most_once final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "unreliable-at-most-once"; }
  /// How often two messages of a sender and topic, one after the other, took different ways.
  [[nodiscard]] std::uint64_t path_changes() const noexcept { return path_changes_; }

  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;

  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_connection_lost(instant, user_id, session_key, errc reason) override;
  void on_session_lost(instant, user_id, session_key who, errc reason,
                       const std::vector<message_tag>& unconfirmed,
                       const std::vector<topic_gap>& gaps) override;
  void on_stopped(instant, user_id, session_key who, errc reason) override;
  void on_forgot(instant, user_id, session_key who) override;
  void on_subscribed(instant, user_id, session_key who, std::string_view topic,
                     topic_sequence first) override;
  void on_unsubscribed(instant, user_id, session_key who, std::string_view topic,
                       topic_sequence end) override;
  void on_published(instant, user_id, session_key who, std::string_view topic, message_tag,
                    bool reliable) override;
  void on_healed(instant) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct message {
    message_tag tag; ///< number 0: none yet
    bool by_udp = false;
  };
  struct receiver {
    std::set<message_tag> received;
    by_topic<std::map<client_id, message>> latest; ///< of each sender
    by_topic<bool> told;
  };

  struct burst {
    instant when;
    unsigned count = 0;
  };
  struct presence {
    session_key session;
    instant since = never; ///< connected; never: it is not
    duration keepalive{0};
    by_topic<instant> subscribed; ///< also to filters; since when
  };
  /// One message on its way to one user.
  struct expectation {
    user_id to;
    session_key session; ///< of the receiver
    user_id from;
    client_id sender;
    std::string topic;
    message_tag tag;
    instant published;
  };

  [[nodiscard]] bool settled(const presence& whose, instant now) const;
  void leave(instant now, user_id user);
  /// Judges what should have come by now, and expects nothing more from or for this user.
  void conclude(instant now, user_id user);
  void judge(instant now, const expectation& what);

  std::map<session_key, receiver> sessions_;
  std::optional<instant> healed_;
  std::map<user_id, presence> online_;
  std::vector<expectation> expected_;
  std::map<user_id, burst> bursts_;
  std::uint64_t path_changes_ = 0;
};

} // namespace kodama::sim::checkers
