#pragma once

#include "sim/checkers/deadline.hpp"
#include "sim/checkers/delivery_ledger.hpp"
#include "sim/checkers/udp_belief.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kodama::sim::checkers {

/// Holds the run to `liveness`: within the bound after the world has healed every reachable user is
/// connected, has nothing open that it published, and has received all it is owed. Tells "late"
/// from "never". And at all times the server notices a silent connection within 1.5 keepalives of
/// its own running time, and both ends in time that nothing passes by UDP.
class liveness final : public delivery_ledger {
public:
  explicit liveness(const bounds& limits)
      : deadline_{limits.liveness}
      , keepalive_slack_{limits.keepalive_slack}
      , udp_patience_{limits.udp_patience} {}

  [[nodiscard]] std::string_view promise() const override { return "liveness"; }

  void on_connected(instant, user_id, session_key who, bool resumed, duration keepalive) override;
  void on_connection_lost(instant, user_id, session_key, errc reason) override;
  void on_session_lost(instant, user_id, session_key who, errc reason,
                       const std::vector<message_tag>& unconfirmed,
                       const std::vector<topic_gap>& gaps) override;
  void on_stopped(instant, user_id, session_key who, errc reason) override;
  void on_forgot(instant, user_id, session_key who) override;
  void on_published(instant, user_id, session_key who, std::string_view topic, message_tag,
                    bool reliable) override;
  void on_acknowledged(instant, user_id, session_key, message_tag) override;
  void on_publish_failed(instant, user_id, session_key, message_tag, errc) override;
  void on_received(instant, user_id, session_key who, std::string_view topic,
                   topic_sequence sequence, client_id sender, message_tag, bool by_udp) override;
  void on_attached(instant, session_key, std::uint64_t link, duration keepalive) override;
  void on_heard(instant, session_key, std::uint64_t link) override;
  void on_session_detached(instant, session_key, errc reason) override;
  void on_session_ended(instant, session_key, errc reason) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_server_paused(instant, bool paused) override;
  void on_udp_changed(instant, user_id, bool up) override;
  void on_route_changed(instant, session_key, bool udp) override;
  void on_udp_blocked(instant, user_id, udp_directions, instant until) override;
  void on_healed(instant) override;
  void on_end(instant, const std::vector<user_id>& reachable) override;

private:
  struct publish {
    instant when;
    std::string topic;
  };
  struct user {
    bool connected = false;
    instant since; ///< it is, or is not
    session_key session;
    std::map<message_tag, publish> open;
    std::string late; ///< the first thing that came too late; told if the user proves reachable
  };
  struct connection {
    std::uint64_t link;
    duration keepalive;
    instant attached;
    instant heard;
    duration paused; ///< the server's paused time until then
    bool told = false;
  };

  void disconnect(instant now, user_id who);
  void judge_user(instant now, user_id who);
  void judge_deliveries(instant now, user_id who);
  /// Whether what began at `since` began in a network that had been whole for so long that nothing
  /// of the fault phase was still under way.
  [[nodiscard]] bool undisturbed(instant since,
                                 duration aftermath = std::chrono::seconds{10}) const;
  void judge_silence(instant now, session_key session, connection& what);
  [[nodiscard]] std::optional<user_id> find_user(session_key session) const;
  /// The end of a way by UDP no longer believes in it.
  void doubt(instant now, user_id who, udp_belief::end where);
  /// How long the server did not run, until now.
  [[nodiscard]] duration paused_until(instant now) const;

  deadline deadline_;
  duration keepalive_slack_;
  duration udp_patience_;
  std::map<user_id, user> users_;
  std::map<session_key, connection> connections_;
  std::map<session_key, instant> alone_; ///< since when no connection carries it
  std::optional<instant> healed_;
  duration paused_{0};
  std::optional<instant> paused_since_;
  udp_belief udp_;
  std::vector<user_id> udp_while_paused_; ///< in whose ways the server believed when it stopped
};

} // namespace kodama::sim::checkers
