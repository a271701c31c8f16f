#pragma once

#include "protocol/mqtt/packet_reader.hpp"
#include "sim/context.hpp"
#include "sim/witness.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace kodama::sim {

/// Reads along at the server's end of one MQTT connection, for the checkers: each packet as its
/// bytes arrive, and as the server has said it. What can't be read any more is not told.
class mqtt_ear {
public:
  mqtt_ear(const event_queue& queue, witness& watching, std::uint64_t link);

  void hear(byte_view arrived);
  void overhear(byte_view said);
  void end();

private:
  using aliases = std::map<std::uint16_t, std::string>;
  using told = void (checker::*)(instant, std::uint64_t, const mqtt::packet&);

  void read(std::optional<mqtt::packet_reader>& in, byte_view data, aliases& known, told which);

  const event_queue& queue_;
  witness& witness_;
  std::uint64_t link_;
  std::optional<mqtt::packet_reader> client_;
  std::optional<mqtt::packet_reader> server_; ///< from CONNECT on
  aliases of_client_;
  aliases of_server_;
};

} // namespace kodama::sim
