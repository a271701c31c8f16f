#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"
#include "sim/checkers/deadline.hpp"

#include <map>
#include <set>

namespace kodama::sim::checkers {

/// Holds the run to `presence-fold`: who joins and leaves a topic has one numbered history, in
/// which nobody joins or leaves twice in a row; a watcher is told it without a gap, and every
/// subscriber list is that history, folded up to the list's number.
///
/// The server may forget an empty topic that nobody holds and go on with higher numbers later, so a
/// jump is allowed while nobody is in it; whoever watches the topic holds it and sees none. The run
/// has to end when nothing is under way any more.
class presence_fold final : public checker {
public:
  explicit presence_fold(const bounds& limits)
      : deadline_{limits.liveness} {}

  [[nodiscard]] std::string_view promise() const override { return "presence-fold"; }

  void on_server_presence(instant, std::string_view topic, std::uint32_t life, presence_sequence,
                          client_id, message::presence_event) override;
  void on_watching(instant, user_id, session_key, std::string_view topic,
                   presence_sequence first) override;
  void on_unwatched(instant, user_id, session_key, std::string_view topic,
                    presence_sequence end) override;
  void on_presence_received(instant, user_id, session_key, std::string_view topic,
                            presence_sequence, client_id, message::presence_event) override;
  void on_list(instant, user_id, session_key, std::string_view topic, presence_sequence,
               const std::vector<client_id>& subscribers) override;
  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_session_lost(instant, user_id, session_key who, errc reason,
                       const std::vector<message_tag>& unconfirmed,
                       const std::vector<topic_gap>& gaps) override;
  void on_stopped(instant, user_id, session_key who, errc reason) override;
  void on_forgot(instant, user_id, session_key who) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_healed(instant) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct change {
    client_id client;
    message::presence_event event;

    bool operator==(const change&) const = default;
  };
  /// What the server said.
  struct history {
    std::map<presence_sequence, change> changes;
    std::map<presence_sequence, instant> announced; ///< when
    std::set<client_id> members;
    bool told = false;
  };
  /// What a session was told.
  struct watch {
    bool active = false;
    presence_sequence first = 0;
    presence_sequence next = 0;
    bool told = false;
  };

  static std::string describe(const change& what);
  static std::set<client_id> fold(const history& of, presence_sequence through);
  void violate_once(instant when, bool& told, std::string what);
  void forget(user_id user, session_key who);
  void judge_watches(instant now, user_id user, session_key session);
  void judge_members(instant now);

  deadline deadline_;
  std::map<std::uint32_t, by_topic<history>> histories_;
  std::map<session_key, by_topic<watch>> watches_;
  std::map<user_id, session_key> current_;
  std::map<session_key, instant> ended_;
  std::set<std::uint32_t> lives_over_;
};

} // namespace kodama::sim::checkers
