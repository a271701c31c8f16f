#include "protocol/mqtt/decode_connect.hpp"

#include "protocol/mqtt/decode.hpp"
#include "protocol/mqtt/field_reader.hpp"
#include "protocol/mqtt/property_reader.hpp"

#include <string>

namespace kodama::mqtt {
namespace {

/// Connect Flags (3.1.2.3).
enum flag : unsigned {
  reserved = 0x01,
  clean_start = 0x02,
  will_flag = 0x04,
  will_retain = 0x20,
  password_flag = 0x40,
  user_name_flag = 0x80,
};

/// The name and the level come before all else in every version there was and will be.
void take_version(field_reader& in) {
  const auto name = in.text("protocol name");
  const auto level = in.u8("protocol version");
  if (in.failed())
    return;
  if (name == "MQTT" && (level == 4 || level == 5))
    return in.set_version(static_cast<protocol_version>(level));
  const bool mqtt_3_1 = name == "MQIsdp" && level == 3;
  in.fail(reason_code::unsupported_protocol_version, "protocol version",
          mqtt_3_1 ? "MQTT 3.1; 3.1.1 and 5.0 are spoken here"
                   : std::to_string(level) + " of protocol " + quoted(name) +
                         "; versions 4 and 5 of \"MQTT\" are spoken here",
          name == "MQTT" || mqtt_3_1 ? "[MQTT-3.1.2-2]" : "[MQTT-3.1.2-1]");
}

void check_flags(field_reader& in, unsigned flags) {
  const auto will_qos = flags >> 3U & 3U;
  if (flags & reserved)
    in.malformed("connect flags", "the reserved bit is set", "[MQTT-3.1.2-3]");
  else if (will_qos == 3)
    in.malformed("Will QoS", "is 3", in.clause("[MQTT-3.1.2-14]", "[MQTT-3.1.2-12]"));
  else if (!(flags & will_flag) && will_qos != 0)
    in.malformed("Will QoS", "is " + std::to_string(will_qos) + " without a will",
                 in.clause("[MQTT-3.1.2-13]", "[MQTT-3.1.2-11]"));
  else if (!(flags & will_flag) && (flags & will_retain))
    in.malformed("Will Retain", "is set without a will",
                 in.clause("[MQTT-3.1.2-15]", "[MQTT-3.1.2-13]"));
  else if (!in.is_v5() && (flags & password_flag) && !(flags & user_name_flag))
    in.malformed("connect flags", "a password without a user name", "[MQTT-3.1.2-22]");
}

will take_will(field_reader& in, unsigned flags) {
  will w;
  w.qos = static_cast<qos>(flags >> 3U & 3U);
  w.retain = flags & will_retain;
  take_properties(in, w.properties);
  w.topic = in.topic_name("will topic");
  w.payload = in.binary("will payload");
  return w;
}

} // namespace

outcome<void> decode_connect(const fixed_header& header, byte_view body, packet& to) {
  auto& m = to.emplace<connect>();
  field_reader in{packet_type::connect, protocol_version::v5, body};
  take_version(in);
  m.version = in.version();
  if (in.is_v5() && header.size != 1 + variable_size(header.remaining_length))
    in.malformed("Remaining Length", "has more bytes than it needs", "[MQTT-1.5.5-1]");
  const unsigned flags = in.u8("connect flags");
  check_flags(in, flags);
  m.clean_start = flags & clean_start;
  m.keep_alive = in.u16("keep alive");
  take_properties(in, m.properties);
  if (m.properties.authentication_data && !m.properties.authentication_method)
    in.violation("Authentication Data", "without an Authentication Method", "5.0, 3.1.2.11.10");
  m.client_id = in.text("client identifier");
  if (!in.is_v5() && m.client_id.empty() && !m.clean_start)
    in.fail(reason_code::client_identifier_not_valid, "client identifier",
            "is empty, but Clean Session is 0", "[MQTT-3.1.3-8]");
  if (flags & will_flag)
    m.will = take_will(in, flags);
  if (flags & user_name_flag)
    m.user_name = in.text("user name");
  if (flags & password_flag)
    m.password = in.binary("password");
  return in.finish();
}

std::optional<protocol_version> version_of_answer(byte_view connect_body) noexcept {
  if (connect_body.size() < 2)
    return std::nullopt;
  const std::size_t size = load_big<std::uint16_t>(connect_body.data());
  if (connect_body.size() < 2 + size + 1)
    return std::nullopt;
  const auto name = as_text(connect_body.subspan(2, size));
  if (name != "MQTT" && name != "MQIsdp")
    return std::nullopt;
  // A bridge sets the upper bit of the level that it means.
  const auto level = static_cast<unsigned>(connect_body[2 + size]) & 0x7fU;
  return level < 5 ? protocol_version::v3_1_1 : protocol_version::v5;
}

} // namespace kodama::mqtt
