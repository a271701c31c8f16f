#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/fixed_header.hpp"
#include "protocol/mqtt/packet.hpp"

#include <optional>

namespace kodama::mqtt {

/// Decodes one packet. `body` is exactly what follows its fixed header, and is borrowed by the
/// result.
///
/// Every rule that one packet alone can break is checked here, so the owner has the rest: order,
/// packet identifiers in use, topic aliases, quotas. The reasons:
///
/// - malformed_packet: it can't be read as the specification says (5.0, 1.2 "Malformed Packet");
/// - protocol_error: it can be read and says what the protocol forbids;
/// - and where 5.0 has a reason of its own: unsupported_protocol_version,
///   client_identifier_not_valid, topic_name_invalid, topic_alias_invalid, packet_too_large. A
///   filter that breaks the rules of wildcards is topic_filter_invalid, the counterpart of
///   topic_name_invalid.
[[nodiscard]] outcome<packet> decode(const fixed_header& header, byte_view body,
                                     const decode_options& options);
/// The same in a place that is there: a PUBLISH is large, and need not be moved from hand to hand.
/// After an error `to` holds anything.
[[nodiscard]] outcome<void> decode_into(packet& to, const fixed_header& header, byte_view body,
                                        const decode_options& options);

/// By which version the sender of this CONNECT will understand a CONNACK, whether its own version
/// is spoken here or not; nothing where it is no MQTT at all, or too short to tell.
///
/// A client of MQTT 3.1 (level 3) reads the CONNACK of 3.1.1, in which it finds return code 1
/// [MQTT-3.1.2-2]; whatever comes after 5.0 will read that of 5.0.
[[nodiscard]] std::optional<protocol_version> version_of_answer(byte_view connect_body) noexcept;

} // namespace kodama::mqtt
