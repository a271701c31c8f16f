#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"
#include "sim/checkers/deadline.hpp"

#include <map>
#include <optional>
#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `no-silent-loss`: who loses a session is told exactly which publishes are in
/// doubt and where each subscription broke off; what was called doubtful is never acknowledged
/// afterwards; nobody goes on believing in a session that the server has ended; and no session ends
/// without a cause.
class no_silent_loss final : public checker {
public:
  explicit no_silent_loss(const bounds& limits)
      : deadline_{limits.liveness}
      , session_buffer_max_{limits.session_buffer_max} {}

  [[nodiscard]] std::string_view promise() const override { return "no-silent-loss"; }

  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_session_lost(instant, user_id, session_key who, errc reason,
                       const std::vector<message_tag>& unconfirmed,
                       const std::vector<topic_gap>& gaps) override;
  void on_disconnecting(instant, user_id) override;
  void on_stopped(instant, user_id, session_key who, errc reason) override;
  void on_forgot(instant, user_id, session_key who) override;
  void on_published(instant, user_id, session_key who, std::string_view topic, message_tag,
                    bool reliable) override;
  void on_acknowledged(instant, user_id, session_key, message_tag) override;
  void on_publish_failed(instant, user_id, session_key, message_tag, errc) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_subscribed(instant, user_id, session_key, std::string_view topic,
                     topic_sequence first) override;
  void on_unsubscribed(instant, user_id, session_key, std::string_view topic,
                       topic_sequence end) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_backlog(instant, session_key, std::size_t bytes) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_server_started(instant, std::uint32_t life, duration resume_window) override;
  void on_server_leapt(instant, duration by) override;
  void on_attached(instant, session_key, std::uint64_t link, duration keepalive) override;
  void on_session_detached(instant, session_key, errc reason) override;
  void on_second_copy(instant, session_key) override;
  void on_healed(instant) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct subscription {
    topic_sequence first = 0;
    topic_sequence last = 0; ///< delivered; 0: none since SUBACK
  };
  /// What a user knows.
  struct knowledge {
    std::optional<session_key> session;
    bool is_leaving = false;        ///< as it asked for
    std::set<message_tag> open;     ///< published, and nothing heard of it since
    std::set<message_tag> doubtful; ///< told to be unconfirmed
    by_topic<subscription> topics;
    std::set<std::string, std::less<>> filters; ///< with wildcards
    by_topic<subscription> heard;               ///< by them: since the first that came
  };

  void judge_cause(instant now, user_id user, session_key who, errc reason);
  void compare_unconfirmed(instant now, user_id user, session_key who,
                           const std::vector<message_tag>& told);
  [[nodiscard]] static bool is_matched(const knowledge& of, std::string_view topic);
  void compare_gaps(instant now, user_id user, session_key who, const std::vector<topic_gap>& told);
  void forget(user_id user);
  /// When the server ended it or was gone.
  [[nodiscard]] std::optional<instant> ended_at(session_key session) const;

  deadline deadline_;
  std::map<user_id, knowledge> users_;
  std::set<session_key> shared_; ///< with a second process
  struct visits {
    std::size_t backlog = 0;
    std::optional<duration> detached; ///< by the server's clock; nobody has been there since
  };

  std::size_t session_buffer_max_;
  /// Drift apart, which is for the slack to cover.
  [[nodiscard]] duration server_time(instant now) const { return now.time_since_epoch() + leapt_; }

  duration leapt_{0}; ///< the server's clock, in all its lives
  duration resume_window_{0};
  unsigned accused_ = 0; ///< sessions that the server ended for a broken rule
  std::map<session_key, visits> visits_;
  std::map<session_key, instant> ended_;
  std::map<std::uint32_t, instant> lives_over_;
};

} // namespace kodama::sim::checkers
