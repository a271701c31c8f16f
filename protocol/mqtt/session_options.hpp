#pragma once

#include <cstddef>
#include <cstdint>

namespace kodama::mqtt {

/// What one MQTT session may cost or take. CONNACK tells the client of 5.0 what
/// bounds its own packets.
struct session_options {
  /// Bytes of a client's packet: packet_too_large. Below message_size_max, since a native
  /// subscriber gets the same message in a frame that is a little larger.
  std::uint32_t packet_size_max = 63 * 1024;
  /// QoS 1 and 2 publishes of a client of 5.0 that are not answered to the end, as it is told:
  /// receive_maximum_exceeded. One of 3.1.1, which is told nothing, may have 65,535.
  std::uint16_t receive_maximum = 1'024;
  std::uint16_t topic_alias_maximum = 64;
  /// Topics that are given an alias towards a client, whatever more it would allow.
  std::uint16_t topic_alias_out_max = 64;
  /// Seconds; a client that asks for none, or for more, is told (Server Keep Alive). 0: as it
  /// likes.
  std::uint16_t keep_alive_max = 0;
  std::uint32_t session_expiry_max = 7 * 24 * 3'600; ///< seconds that a session may be away
  std::uint32_t subscriptions_max = 100'000;         ///< of one session: quota_exceeded
  /// QoS 1 and 2 publishes under way to a client, whatever more it would allow.
  std::uint16_t in_flight_max = 1'024;
  /// Bytes owed to one client, their bookkeeping included. Beyond it the session ends, which the
  /// client learns from CONNACK's Session Present; publishes of QoS 0 are dropped before that.
  std::size_t session_buffer_max = 16 * 1024 * 1024;
};

} // namespace kodama::mqtt
