#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/fixed_header.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstdint>

namespace kodama::mqtt {

struct encode_options {
  protocol_version version = protocol_version::v5;
  /// The receiver's Maximum Packet Size, of the whole packet.
  std::uint32_t packet_size_max = packet_size_limit;
  /// The client's Request Problem Information. Where it is false, Reason String and User Properties
  /// go out in PUBLISH, CONNACK and DISCONNECT only [MQTT-3.1.2-29].
  bool problem_information = true;
};

/// Appends the encoded packet to `out`, in the shortest form there is.
///
/// False, with nothing appended, where the receiver's maximum does not allow for the packet
/// [MQTT-3.1.2-24]: the owner then acts as if it had been sent [MQTT-3.1.2-25]. Before that, a
/// packet that answers, refuses or ends something does without its User Properties, and then
/// without its Reason String, as 5.0 demands of each of them (3.4.2.2.2, 3.4.2.2.3 and so on);
/// those of a PUBLISH belong to the application and stay [MQTT-3.3.2-17].
///
/// In 3.1.1 properties are left out, and reasons where there is no room for them. What can't be
/// said at all is a mistake of ours and asserted: an AUTH or a server's DISCONNECT in 3.1.1, a
/// CONNACK there whose reason has no return code (to_return_code), a packet identifier of 0, a
/// string of more than 65,535 bytes, an empty list of filters.
[[nodiscard]] bool encode(bytes& out, const packet& what, const encode_options& options);

/// Appends the CONNACK that refuses a connection, or nothing, and false, where the specification
/// wants it closed in silence: in 3.1.1 a malformed CONNECT [MQTT-3.1.4-1] and what has no return
/// code [MQTT-3.2.2-6], and whoever speaks no MQTT (`version` is then absent, see
/// version_of_answer); in 5.0 where `packet_size_max`, the client's, allows for none
/// [MQTT-3.1.2-24].
[[nodiscard]] bool encode_refusal(bytes& out, const error& why,
                                  std::optional<protocol_version> version,
                                  std::uint32_t packet_size_max = packet_size_limit);

} // namespace kodama::mqtt
