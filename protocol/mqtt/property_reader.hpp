#pragma once

#include "protocol/mqtt/field_reader.hpp"
#include "protocol/mqtt/properties.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

/// The decoder of properties (MQTT 5.0, 2.2.2), one for all packets: what may occur is what the
/// packet's struct shows in `each`.
namespace kodama::mqtt {

void take_value(field_reader& in, property id, bool& to);
void take_value(field_reader& in, property id, qos& to);
void take_value(field_reader& in, property id, payload_format& to);
void take_value(field_reader& in, property id, std::uint16_t& to);
void take_value(field_reader& in, property id, std::uint32_t& to);
void take_value(field_reader& in, property id, std::string_view& to);
void take_value(field_reader& in, property id, byte_view& to);
void take_value(field_reader& in, property id, user_property& to);

template <class Value>
void take_member(field_reader& in, property id, std::optional<Value>& to) {
  if (to)
    return in.violation(name_of(id), "comes twice", "5.0, 2.2.2.2");
  take_value(in, id, to.emplace());
}

template <class Value>
void take_member(field_reader& in, property id, std::vector<Value>& to) {
  take_value(in, id, to.emplace_back());
}

/// Takes the property length and all properties; nothing in 3.1.1.
template <class Properties>
void take_properties(field_reader& in, Properties& to) {
  if (!in.is_v5())
    return;
  const auto length = in.variable("property length");
  if (length > in.remaining())
    return in.malformed("property length",
                        "is " + std::to_string(length) + ", but the packet has " +
                            std::to_string(in.remaining()) + " bytes left",
                        "5.0, 2.2.2.1");
  const auto end = in.remaining() - length;
  while (!in.failed() && in.remaining() > end) {
    const auto id = in.variable("property identifier");
    bool found = false;
    Properties::each(to, [&](property candidate, auto& member) {
      if (static_cast<std::uint32_t>(candidate) != id || found)
        return;
      found = true;
      take_member(in, candidate, member);
    });
    if (!found) {
      const auto name = id < 0x80 ? name_of(static_cast<property>(id)) : name_of(property{});
      in.malformed("property identifier",
                   std::to_string(id) + " (" + std::string{name} + ") has no place here",
                   "5.0, 2.2.2.2");
    }
  }
  if (!in.failed() && in.remaining() < end)
    in.malformed("property length", "ends within a property", "5.0, 2.2.2.1");
}

} // namespace kodama::mqtt
