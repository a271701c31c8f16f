#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"
#include "sim/checkers/deadline.hpp"

#include <deque>
#include <map>
#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `subscribe-edge`: a subscriber receives everything from the number that SUBACK
/// names to the one before which UNSUBACK ends, and nothing outside; and both answers name the
/// numbers at which the server did it. Nobody is unsubscribed without being told. By a filter with
/// wildcards nothing comes before its SUBACK, nor after its UNSUBACK.
class subscribe_edge final : public checker {
public:
  explicit subscribe_edge(const bounds& limits)
      : deadline_{limits.liveness} {}

  [[nodiscard]] std::string_view promise() const override { return "subscribe-edge"; }

  void on_server_subscribed(instant, std::string_view topic, session_key,
                            topic_sequence first) override;
  void on_server_unsubscribed(instant, std::string_view topic, session_key,
                              topic_sequence end) override;
  void on_subscribed(instant, user_id, session_key, std::string_view topic,
                     topic_sequence first) override;
  void on_unsubscribed(instant, user_id, session_key, std::string_view topic,
                       topic_sequence end) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_session_lost(instant, user_id, session_key who, errc reason,
                       const std::vector<message_tag>& unconfirmed,
                       const std::vector<topic_gap>& gaps) override;
  void on_stopped(instant, user_id, session_key who, errc reason) override;
  void on_forgot(instant, user_id, session_key who) override;
  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_healed(instant) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct subscription {
    bool active = false;
    topic_sequence first = 0;
    topic_sequence next = 0;  ///< the number that has to come next
    topic_sequence ended = 0; ///< what the latest UNSUBACK named
    /// What the server has decided and the user has not yet been told, in order: requests may be
    /// under way one behind the other.
    std::deque<topic_sequence> server_firsts, server_ends;
    instant server_ended; ///< when the latest of server_ends was decided
    bool told = false;
  };

  /// Of one session.
  struct knowledge {
    by_topic<subscription> topics;
    std::set<std::string, std::less<>> filters; ///< that are active
  };

  void violate_once(instant when, subscription& about, std::string what);
  void judge_begin(instant now, user_id user, session_key who, std::string_view topic,
                   topic_sequence first, subscription& known);
  void judge_end(instant now, user_id user, session_key who, std::string_view topic,
                 topic_sequence end, subscription& known);

  void judge_belief(instant now, user_id user, session_key who);

  deadline deadline_;
  std::map<session_key, knowledge> sessions_;
  std::map<user_id, session_key> current_;
  std::set<session_key> ended_;
  std::set<std::uint32_t> lives_over_;
};

} // namespace kodama::sim::checkers
