#include "protocol/mqtt/field_reader.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "protocol/utf8.hpp"

namespace kodama::mqtt {
namespace {

/// So long may a text be that an error quotes.
constexpr std::size_t quoted_max = 48;

} // namespace

byte_view field_reader::take(std::size_t size, std::string_view field) {
  if (size > rest_.size()) {
    if (!error_)
      malformed(field,
                "needs " + std::to_string(size) + " bytes, but the packet has " +
                    std::to_string(rest_.size()) + " left",
                clause("3.1.1, 4.8", "5.0, 4.13.1"));
    return {};
  }
  const auto taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::uint8_t field_reader::u8(std::string_view field) {
  const auto taken = take(1, field);
  return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
}

std::uint16_t field_reader::u16(std::string_view field) {
  const auto taken = take(2, field);
  return taken.empty() ? std::uint16_t{0} : load_big<std::uint16_t>(taken.data());
}

std::uint32_t field_reader::u32(std::string_view field) {
  const auto taken = take(4, field);
  return taken.empty() ? 0 : load_big<std::uint32_t>(taken.data());
}

std::uint32_t field_reader::variable(std::string_view field) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift != 28; shift += 7) {
    const auto byte = u8(field);
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte & 0x80)
      continue;
    if (byte == 0 && shift != 0)
      malformed(field, "has more bytes than it needs", "[MQTT-1.5.5-1]");
    return failed() ? 0 : value;
  }
  malformed(field, "has more than four bytes", "5.0, 1.5.5");
  return 0;
}

std::string_view field_reader::text(std::string_view field) {
  const auto text = as_text(binary(field));
  for (auto left = without_printable_front(text); !left.empty();
       left = without_printable_front(left)) {
    std::uint32_t code_point = 0;
    if (!take_code_point(left, code_point)) {
      malformed(field, "is not well-formed UTF-8: " + quoted(text),
                clause("[MQTT-1.5.3-1]", "[MQTT-1.5.4-1]"));
      return {};
    }
    if (code_point == 0) {
      malformed(field, "holds U+0000: " + quoted(text), clause("[MQTT-1.5.3-2]", "[MQTT-1.5.4-2]"));
      return {};
    }
  }
  return text;
}

byte_view field_reader::binary(std::string_view field) {
  return take(u16(field), field);
}

byte_view field_reader::rest() {
  return take(rest_.size(), {});
}

packet_id field_reader::id() {
  const auto value = u16("packet identifier");
  if (value == 0)
    violation("packet identifier", "is 0", clause("[MQTT-2.3.1-1]", "[MQTT-2.2.1-3]"));
  return value;
}

std::string_view field_reader::topic_name(std::string_view field) {
  const auto name = text(field);
  if (!failed())
    require_topic_name(field, name, clause("[MQTT-4.7.1-1]", "[MQTT-4.7.0-1]"));
  return name;
}

void field_reader::require_topic_name(std::string_view field, std::string_view name,
                                      std::string_view clause) {
  if (name.empty())
    fail(reason_code::topic_name_invalid, field, "is empty", "[MQTT-4.7.3-1]");
  else if (has_wildcard(name))
    fail(reason_code::topic_name_invalid, field, "holds a wildcard: " + quoted(name), clause);
}

outcome<void> field_reader::finish() {
  if (!rest_.empty())
    trailing();
  if (error_)
    return std::move(*error_);
  return boost::system::in_place_value;
}

void field_reader::fail(reason_code reason, std::string_view field, const std::string& what,
                        std::string_view clause) {
  rest_ = {};
  if (error_)
    return;
  error_.emplace();
  error_->reason = reason;
  error_->text = name_of(type_);
  if (!field.empty())
    (error_->text += ", ") += field;
  ((error_->text += ": ") += what) += ' ';
  const bool numbered = clause.starts_with('[');
  ((error_->text += numbered ? "" : "(MQTT ") += clause) += numbered ? "" : ")";
}

void field_reader::trailing() {
  malformed({}, std::to_string(rest_.size()) + " bytes follow the last field",
            clause("3.1.1, 4.8", "5.0, 4.13.1"));
}

std::string quoted(std::string_view text) {
  std::string all = "\"";
  for (const auto letter : text.substr(0, quoted_max)) {
    const bool shown = letter >= 0x20 && letter < 0x7f && letter != '"' && letter != '\\';
    if (shown)
      all += letter;
    else
      (all += '\\') += hex(static_cast<std::uint8_t>(letter)).substr(1);
  }
  return all += text.size() > quoted_max ? "...\"" : "\"";
}

std::string hex(std::uint8_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[value >> 4U], digits[value & 0xfU]};
}

} // namespace kodama::mqtt
