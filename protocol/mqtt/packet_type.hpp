#pragma once

#include <cstdint>
#include <string_view>

namespace kodama::mqtt {

/// The upper half of a packet's first byte (MQTT 5.0, 2.1.2). AUTH is new in 5.0; in 3.1.1 its
/// number is reserved, as 0 is in both.
enum class packet_type : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

/// "PUBLISH": the name that the specification uses; "packet type 0" is the reserved one.
[[nodiscard]] std::string_view name_of(packet_type type) noexcept;

} // namespace kodama::mqtt
