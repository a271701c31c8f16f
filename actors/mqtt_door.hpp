#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/options.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/world.hpp"
#include "protocol/mqtt/packet_reader.hpp"

#include <map>

namespace kodama::actors {

/// The door for MQTT: holds each connection from its acceptance until its CONNECT is whole, checks
/// who it is, and passes it on to the registry. One per home unit.
///
/// The same bounds as at the native door; a client of 5.0 is told the reason, one of 3.1.1 gets the
/// return code, where its version has one.
class mqtt_door final : public runtime::pinned_actor {
public:
  mqtt_door(caf::actor_config& config, caf::actor registry, const node_options& options,
            const surroundings& world);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct visitor {
    link_ptr link;
    bytes stream; ///< what has come so far: less than a CONNECT, until the gatekeeper is asked
    instant deadline;
    bool asked = false; ///< the gatekeeper thinks
  };
  using visitors = std::map<link_id, visitor>;

  void accept(const link_accepted& accepted);
  void receive(link_received& received);
  void judge(visitors::iterator at, const mqtt::connect& asked);
  void admit(visitors::iterator at, const mqtt::connect& asked, account_ptr account);
  void handle(const identified& found);
  void refuse(link& from, const mqtt::error& why, std::optional<mqtt::protocol_version> version,
              std::uint32_t packet_size_max = mqtt::packet_size_limit);
  void drop_overdue();
  void arm_alarm();

  caf::actor registry_;
  const node_options& options_;
  const surroundings& world_;
  visitors visitors_; ///< by LinkID, which grows with time
  bool closing_ = false;
  runtime::alarm alarm_;
};

} // namespace kodama::actors
