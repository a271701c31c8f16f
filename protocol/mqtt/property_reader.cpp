#include "protocol/mqtt/property_reader.hpp"

namespace kodama::mqtt {
namespace {

/// Every property of one byte can be 0 or 1 and nothing else.
bool take_bit(field_reader& in, property id) {
  const auto value = in.u8(name_of(id));
  if (value > 1)
    in.violation(name_of(id), "is " + std::to_string(value) + ", neither 0 nor 1",
                 id == property::payload_format_indicator ? "5.0, 3.3.2.3.2"
                                                          : "5.0, 3.1.2.11, 3.2.2.3");
  return value == 1;
}

bool counts_from_one(property id) noexcept {
  return id == property::receive_maximum || id == property::maximum_packet_size ||
         id == property::subscription_identifier;
}

} // namespace

void take_value(field_reader& in, property id, bool& to) {
  to = take_bit(in, id);
}

void take_value(field_reader& in, property id, qos& to) {
  to = take_bit(in, id) ? qos::at_least_once : qos::at_most_once;
}

void take_value(field_reader& in, property id, payload_format& to) {
  to = take_bit(in, id) ? payload_format::utf8 : payload_format::unspecified;
}

void take_value(field_reader& in, property id, std::uint16_t& to) {
  to = in.u16(name_of(id));
  if (to != 0)
    return;
  if (id == property::topic_alias)
    in.fail(reason_code::topic_alias_invalid, name_of(id), "is 0", "[MQTT-3.3.2-8]");
  else if (counts_from_one(id))
    in.violation(name_of(id), "is 0", "5.0, 3.1.2.11.3, 3.2.2.3.3");
}

void take_value(field_reader& in, property id, std::uint32_t& to) {
  to = id == property::subscription_identifier ? in.variable(name_of(id)) : in.u32(name_of(id));
  if (to == 0 && counts_from_one(id))
    in.violation(name_of(id), "is 0",
                 id == property::subscription_identifier ? "5.0, 3.3.2.3.8, 3.8.2.1.2"
                                                         : "5.0, 3.1.2.11.4, 3.2.2.3.6");
}

void take_value(field_reader& in, property id, std::string_view& to) {
  to = in.text(name_of(id));
  if (id == property::response_topic && !in.failed())
    in.require_topic_name(name_of(id), to, "[MQTT-3.3.2-14]");
}

void take_value(field_reader& in, property id, byte_view& to) {
  to = in.binary(name_of(id));
}

void take_value(field_reader& in, property id, user_property& to) {
  to.name = in.text(name_of(id));
  to.value = in.text(name_of(id));
}

} // namespace kodama::mqtt
