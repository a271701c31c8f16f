#include "protocol/mqtt/fixed_header.hpp"

#include "protocol/mqtt/field_reader.hpp"

#include <string>

namespace kodama::mqtt {
namespace {

bool may_send(endpoint sender, protocol_version version, packet_type type) noexcept {
  const bool client = sender == endpoint::client;
  switch (type) {
  case packet_type::connect:
  case packet_type::subscribe:
  case packet_type::unsubscribe:
  case packet_type::pingreq: return client;
  case packet_type::connack:
  case packet_type::suback:
  case packet_type::unsuback:
  case packet_type::pingresp: return !client;
  case packet_type::disconnect: return client || version == protocol_version::v5;
  default: return true;
  }
}

error wrong(reason_code reason, packet_type type, const std::string& what) {
  return {reason, std::string{name_of(type)} + ": " + what};
}

std::optional<error> judge_first_byte(packet_type type, unsigned flags,
                                      const decode_options& options) {
  if (!options.version && type != packet_type::connect)
    return wrong(reason_code::protocol_error, type, "comes before CONNECT [MQTT-3.1.0-1]");
  const auto version = options.version.value_or(protocol_version::v5);
  const bool v5 = version == protocol_version::v5;
  if (type == packet_type{0} || (type == packet_type::auth && !v5))
    return wrong(reason_code::malformed_packet, type,
                 v5 ? "is reserved (MQTT 5.0, 2.1.2)" : "is reserved (MQTT 3.1.1, 2.2.1)");
  if (!may_send(options.sender, version, type))
    return wrong(reason_code::protocol_error, type,
                 std::string{"never comes from a "} +
                     (options.sender == endpoint::client ? "client" : "server") +
                     (v5 ? " (MQTT 5.0, 2.1.2)" : " (MQTT 3.1.1, 2.2.1)"));
  const bool has_two = type == packet_type::pubrel || type == packet_type::subscribe ||
                       type == packet_type::unsubscribe;
  if (type != packet_type::publish && flags != (has_two ? 2U : 0U))
    return wrong(reason_code::malformed_packet, type,
                 "flags " + hex(static_cast<std::uint8_t>(flags)) + " instead of " +
                     (has_two ? "0x02" : "0x00") + (v5 ? " [MQTT-2.1.3-1]" : " [MQTT-2.2.2-2]"));
  return std::nullopt;
}

/// 3.1.1 lets nobody say a maximum; there it is our own.
std::string_view size_clause(const decode_options& options) noexcept {
  if (options.version == protocol_version::v3_1_1)
    return " (MQTT 3.1.1, 4.8)";
  return options.sender == endpoint::client ? " [MQTT-3.2.2-15]" : " [MQTT-3.1.2-24]";
}

} // namespace

outcome<std::optional<fixed_header>> read_fixed_header(byte_view input,
                                                       const decode_options& options) {
  using nothing_yet = std::optional<fixed_header>;
  if (input.empty())
    return nothing_yet{};
  const auto first = static_cast<unsigned>(input[0]);
  fixed_header header{packet_type(first >> 4U), static_cast<std::uint8_t>(first & 0xfU), 1, 0};
  if (auto flaw = judge_first_byte(header.type, header.flags, options))
    return std::move(*flaw);
  for (unsigned byte = 0x80; byte & 0x80U;) {
    if (header.size == 5)
      return wrong(reason_code::malformed_packet, header.type,
                   "Remaining Length has more than four bytes (MQTT 5.0, 2.1.4; 3.1.1, 2.2.3)");
    if (header.size == input.size())
      return nothing_yet{};
    byte = static_cast<unsigned>(input[header.size]);
    header.remaining_length |= (byte & 0x7fU) << 7U * (header.size - 1U);
    ++header.size;
  }
  // 3.1.1 asks for no shortest form, and CONNECT is judged before it has named its version.
  if (options.version == protocol_version::v5 &&
      header.size != 1 + variable_size(header.remaining_length))
    return wrong(reason_code::malformed_packet, header.type,
                 "Remaining Length has more bytes than it needs [MQTT-1.5.5-1]");
  if (header.packet_size() > options.packet_size_max)
    return wrong(reason_code::packet_too_large, header.type,
                 std::to_string(header.packet_size()) + " bytes, but the limit is " +
                     std::to_string(options.packet_size_max) + std::string{size_clause(options)});
  return nothing_yet{header};
}

} // namespace kodama::mqtt
