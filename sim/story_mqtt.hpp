#pragma once

#include "protocol/mqtt/decode.hpp"
#include "sim/trace.hpp"

#include <functional>
#include <optional>

namespace kodama::sim {

/// "PUBLISH 0#12 of topic/0 (#3), QoS 1": an MQTT packet for readers of a story.
[[nodiscard]] telling tell_packet(const mqtt::packet& what);

/// Cuts one direction of an MQTT connection into packets, for a story.
class mqtt_story_reader {
public:
  using version = std::optional<mqtt::protocol_version>;

  /// Calls `tell` with the size of each whole packet and what it is. `spoken`: in which version; a
  /// CONNECT sets it for both directions. False where the bytes are no packets.
  bool feed(byte_view data, version& spoken,
            const std::function<void(std::size_t, telling&&)>& tell);

private:
  bytes kept_;
};

} // namespace kodama::sim
