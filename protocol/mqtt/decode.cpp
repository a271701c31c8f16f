#include "protocol/mqtt/decode.hpp"

#include "protocol/assert.hpp"
#include "protocol/mqtt/decode_connect.hpp"
#include "protocol/mqtt/property_reader.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <string>

namespace kodama::mqtt {
namespace {

/// A Reason Code, which has to be one of those that table 2-6 lists for the packet.
reason_code take_reason(field_reader& in, std::string_view clause) {
  const auto reason = static_cast<reason_code>(in.u8("reason code"));
  if (!in.failed() && !is_allowed(reason, in.type()))
    in.violation("reason code",
                 hex(static_cast<std::uint8_t>(reason)) + " (" + std::string{name_of(reason)} +
                     ") has no place here",
                 clause);
  return reason;
}

/// Authentication Data alone says nothing (3.1.2.11.10, 3.2.2.3.18, 3.15.2.2.3).
void check_authentication(field_reader& in, const auto& properties) {
  if (properties.authentication_data && !properties.authentication_method)
    in.violation("Authentication Data", "without an Authentication Method", "5.0, 3.2.2.3.18");
}

void check_connack(field_reader& in, const connack& m, unsigned flags) {
  if (flags > 1)
    in.malformed("acknowledge flags", hex(static_cast<std::uint8_t>(flags)),
                 in.clause("3.1.1, 3.2.2.1", "[MQTT-3.2.2-1]"));
  else if (m.session_present && m.reason != reason_code::success)
    in.violation("Session Present", "is set in a refusal",
                 in.clause("[MQTT-3.2.2-4]", "[MQTT-3.2.2-6]"));
}

outcome<void> decode_connack(field_reader& in, packet& to) {
  auto& m = to.emplace<connack>();
  const unsigned flags = in.u8("acknowledge flags");
  m.session_present = flags & 1U;
  if (in.is_v5()) {
    m.reason = take_reason(in, "[MQTT-3.2.2-8]");
  } else {
    const auto code = in.u8("return code");
    const auto reason = from_return_code(code);
    if (!reason)
      in.malformed("return code", hex(code) + " is reserved", "3.1.1, 3.2.2.3");
    m.reason = reason.value_or(reason_code::success);
  }
  check_connack(in, m, flags);
  take_properties(in, m.properties);
  check_authentication(in, m.properties);
  return in.finish();
}

void check_publish(field_reader& in, const publish& m, endpoint sender) {
  if (m.topic.empty() && !m.properties.topic_alias) {
    if (in.is_v5())
      in.violation("topic name", "is empty, and there is no Topic Alias", "5.0, 3.3.2.1");
    else
      in.require_topic_name("topic name", m.topic, {});
  }
  if (sender == endpoint::client && !m.properties.subscription_identifiers.empty())
    in.violation("Subscription Identifier", "from a client", "[MQTT-3.3.4-6]");
}

outcome<void> decode_publish(field_reader& in, unsigned flags, endpoint sender, packet& to) {
  auto& m = to.emplace<publish>();
  m.dup = flags & 8U;
  m.retain = flags & 1U;
  m.qos = static_cast<qos>(flags >> 1U & 3U);
  if ((flags >> 1U & 3U) == 3)
    in.malformed("QoS", "is 3", "[MQTT-3.3.1-4]");
  if (m.dup && m.qos == qos::at_most_once)
    in.malformed("DUP", "is set with QoS 0", "[MQTT-3.3.1-2]");
  m.topic = in.text("topic name");
  if (!m.topic.empty())
    in.require_topic_name("topic name", m.topic, "[MQTT-3.3.2-2]");
  if (m.qos != qos::at_most_once)
    m.id = in.id();
  take_properties(in, m.properties);
  if (!in.failed())
    check_publish(in, m, sender);
  m.payload = in.rest();
  return in.finish();
}

constexpr std::string_view reason_clause(packet_type type) noexcept {
  switch (type) {
  case packet_type::puback: return "[MQTT-3.4.2-1]";
  case packet_type::pubrec: return "[MQTT-3.5.2-1]";
  case packet_type::pubrel: return "[MQTT-3.6.2-1]";
  default: return "[MQTT-3.7.2-1]";
  }
}

/// The reason may be left out where it is success, and the property length where it is 0 (3.4.2.1,
/// 3.4.2.2.1, and the same for the other three).
template <packet_type Type>
outcome<void> decode_acknowledgement(field_reader& in, packet& to) {
  auto& m = to.emplace<acknowledgement<Type>>();
  m.id = in.id();
  if (in.is_v5() && !in.empty())
    m.reason = take_reason(in, reason_clause(Type));
  if (in.is_v5() && !in.empty())
    take_properties(in, m.properties);
  return in.finish();
}

/// "topic filter 2"
std::string numbered(std::size_t index) {
  return "topic filter " + std::to_string(index + 1);
}

struct filter_field {
  std::string_view text;
  bool shared = false;
};

filter_field take_filter(field_reader& in, std::size_t index) {
  const auto text = in.text("topic filter");
  if (in.failed())
    return {};
  const auto parsed = parse_topic_filter(text, in.version());
  if (parsed)
    return {text, parsed->is_shared()};
  const auto& why = parsed.error();
  const auto clause = why.text.find('[');
  in.fail(why.reason, numbered(index), quoted(text) + ' ' + why.text.substr(0, clause - 1),
          std::string_view{why.text}.substr(clause));
  return {};
}

void check_options(field_reader& in, unsigned options, bool shared, std::size_t index) {
  const auto shown = "options " + hex(static_cast<std::uint8_t>(options));
  if (!in.is_v5()) {
    if (options > 2)
      in.malformed(numbered(index), shown + " hold more than a QoS of 0, 1 or 2", "[MQTT-3-8.3-4]");
  } else if (options & 0xc0U) {
    in.malformed(numbered(index), shown + " have reserved bits set", "[MQTT-3.8.3-5]");
  } else if ((options & 3U) == 3) {
    in.violation(numbered(index), shown + " ask for QoS 3", "5.0, 3.8.3.1");
  } else if ((options >> 4U) == 3) {
    in.violation(numbered(index), shown + " have Retain Handling 3", "5.0, 3.8.3.1");
  } else if ((options & 4U) && shared) {
    in.violation(numbered(index), "No Local on a shared subscription", "[MQTT-3.8.3-4]");
  }
}

outcome<void> decode_subscribe(field_reader& in, packet& to) {
  auto& m = to.emplace<subscribe>();
  m.id = in.id();
  take_properties(in, m.properties);
  if (in.empty())
    in.violation({}, "has no topic filter", in.clause("[MQTT-3.8.3-3]", "[MQTT-3.8.3-2]"));
  while (!in.empty()) {
    auto& each = m.subscriptions.emplace_back();
    const auto filter = take_filter(in, m.subscriptions.size() - 1);
    const unsigned options = in.u8("subscription options");
    check_options(in, options, filter.shared, m.subscriptions.size() - 1);
    each.filter = filter.text;
    each.maximum_qos = static_cast<qos>(options & 3U);
    each.no_local = options & 4U;
    each.retain_as_published = options & 8U;
    each.retain_handling = static_cast<retain_handling>(options >> 4U & 3U);
  }
  return in.finish();
}

outcome<void> decode_unsubscribe(field_reader& in, packet& to) {
  auto& m = to.emplace<unsubscribe>();
  m.id = in.id();
  take_properties(in, m.properties);
  if (in.empty())
    in.violation({}, "has no topic filter", "[MQTT-3.10.3-2]");
  while (!in.empty())
    m.filters.push_back(take_filter(in, m.filters.size()).text);
  return in.finish();
}

void take_reasons(field_reader& in, std::vector<reason_code>& to, std::string_view clause) {
  if (in.empty())
    in.violation({}, "has no reason code", clause);
  while (!in.empty())
    to.push_back(take_reason(in, clause));
}

outcome<void> decode_suback(field_reader& in, packet& to) {
  auto& m = to.emplace<suback>();
  m.id = in.id();
  take_properties(in, m.properties);
  take_reasons(in, m.reasons, "[MQTT-3.9.3-2]");
  if (!in.is_v5())
    for (const auto reason : m.reasons)
      if (is_failure(reason) && reason != reason_code::unspecified_error)
        in.malformed("return code", hex(static_cast<std::uint8_t>(reason)) + " is reserved",
                     "[MQTT-3.9.3-2]");
  return in.finish();
}

outcome<void> decode_unsuback(field_reader& in, packet& to) {
  auto& m = to.emplace<unsuback>();
  m.id = in.id();
  take_properties(in, m.properties);
  if (in.is_v5())
    take_reasons(in, m.reasons, "[MQTT-3.11.3-2]");
  return in.finish();
}

outcome<void> decode_disconnect(field_reader& in, endpoint sender, packet& to) {
  auto& m = to.emplace<disconnect>();
  if (in.is_v5() && !in.empty())
    m.reason = take_reason(in, "[MQTT-3.14.2-1]");
  if (m.reason == reason_code::disconnect_with_will_message && sender == endpoint::server)
    in.violation("reason code", "0x04 (Disconnect with Will Message) from a server",
                 "[MQTT-3.14.2-1]");
  if (sender == endpoint::client && only_servers_disconnect_for(m.reason))
    in.violation("reason code", hex(static_cast<std::uint8_t>(m.reason)) + " from a client",
                 "[MQTT-3.14.2-1]");
  if (in.is_v5() && !in.empty())
    take_properties(in, m.properties);
  if (m.properties.session_expiry_interval && sender == endpoint::server)
    in.violation("Session Expiry Interval", "from a server", "[MQTT-3.14.2-2]");
  return in.finish();
}

/// Nothing at all means success; otherwise there has to be a method (3.15.2.1, 3.15.2.2.2).
outcome<void> decode_auth(field_reader& in, endpoint sender, packet& to) {
  auto& m = to.emplace<auth>();
  if (in.empty())
    return in.finish();
  m.reason = take_reason(in, "[MQTT-3.15.2-1]");
  if (m.reason == reason_code::re_authenticate && sender == endpoint::server)
    in.violation("reason code", "0x19 (Re-authenticate) from a server", "[MQTT-3.15.2-1]");
  take_properties(in, m.properties);
  if (!m.properties.authentication_method)
    in.violation("Authentication Method", "is missing", "5.0, 3.15.2.2.2");
  return in.finish();
}

} // namespace

outcome<packet> decode(const fixed_header& header, byte_view body, const decode_options& options) {
  packet to;
  if (const auto done = decode_into(to, header, body, options); !done)
    return done.error();
  return to;
}

outcome<void> decode_into(packet& to, const fixed_header& header, byte_view body,
                          const decode_options& options) {
  KODAMA_ASSERT(body.size() == header.remaining_length);
  if (header.type == packet_type::connect)
    return decode_connect(header, body, to);
  KODAMA_ASSERT(options.version); // read_fixed_header lets nothing else pass before CONNECT
  field_reader in{header.type, *options.version, body};
  switch (header.type) {
  case packet_type::connack: return decode_connack(in, to);
  case packet_type::publish: return decode_publish(in, header.flags, options.sender, to);
  case packet_type::puback: return decode_acknowledgement<packet_type::puback>(in, to);
  case packet_type::pubrec: return decode_acknowledgement<packet_type::pubrec>(in, to);
  case packet_type::pubrel: return decode_acknowledgement<packet_type::pubrel>(in, to);
  case packet_type::pubcomp: return decode_acknowledgement<packet_type::pubcomp>(in, to);
  case packet_type::subscribe: return decode_subscribe(in, to);
  case packet_type::suback: return decode_suback(in, to);
  case packet_type::unsubscribe: return decode_unsubscribe(in, to);
  case packet_type::unsuback: return decode_unsuback(in, to);
  case packet_type::pingreq: to.emplace<pingreq>(); return in.finish();
  case packet_type::pingresp: to.emplace<pingresp>(); return in.finish();
  case packet_type::disconnect: return decode_disconnect(in, options.sender, to);
  default: return decode_auth(in, options.sender, to);
  }
}

} // namespace kodama::mqtt
