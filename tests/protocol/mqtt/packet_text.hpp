#pragma once

#include "protocol/mqtt/field_reader.hpp"
#include "protocol/mqtt/packet.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <variant>

namespace kodama::mqtt {

[[nodiscard]] inline std::string to_hex(byte_view view) {
  std::string text;
  for (const auto byte : view)
    text += hex(static_cast<std::uint8_t>(byte)).substr(2);
  return text;
}

/// The packet's fields as lines `name = value`, as the golden vectors write them; absent members
/// have no line. Two packets are the same where their texts are.
class packet_text {
public:
  static std::string of(const packet& what) {
    packet_text text;
    std::visit(text, what);
    return text.lines_;
  }

  void operator()(const connect& m) {
    line("version", m.version == protocol_version::v5 ? "5.0" : "3.1.1");
    line("clean_start", number(m.clean_start));
    line("keep_alive", number(m.keep_alive));
    line("client_id", string(m.client_id));
    properties(m.properties);
    if (m.will) {
      line("will_topic", string(m.will->topic));
      line("will_payload", to_hex(m.will->payload));
      line("will_qos", number(static_cast<unsigned>(m.will->qos)));
      line("will_retain", number(m.will->retain));
      properties(m.will->properties);
    }
    if (m.user_name)
      line("user_name", string(*m.user_name));
    if (m.password)
      line("password", to_hex(*m.password));
  }
  void operator()(const connack& m) {
    line("session_present", number(m.session_present));
    reason(m.reason);
    properties(m.properties);
  }
  void operator()(const publish& m) {
    line("topic", string(m.topic));
    line("qos", number(static_cast<unsigned>(m.qos)));
    line("retain", number(m.retain));
    line("dup", number(m.dup));
    if (m.id != 0)
      line("id", number(m.id));
    properties(m.properties);
    line("payload", to_hex(m.payload));
  }
  template <packet_type Type>
  void operator()(const acknowledgement<Type>& m) {
    line("id", number(m.id));
    reason(m.reason);
    properties(m.properties);
  }
  void operator()(const subscribe& m) {
    line("id", number(m.id));
    properties(m.properties);
    for (const auto& each : m.subscriptions)
      line("filter", string(each.filter) + " qos " +
                         number(static_cast<unsigned>(each.maximum_qos)) +
                         (each.no_local ? " no_local" : "") +
                         (each.retain_as_published ? " retain_as_published" : "") +
                         " retain_handling " + number(static_cast<unsigned>(each.retain_handling)));
  }
  void operator()(const suback& m) { answers(m); }
  void operator()(const unsuback& m) { answers(m); }
  void operator()(const unsubscribe& m) {
    line("id", number(m.id));
    properties(m.properties);
    for (const auto each : m.filters)
      line("filter", string(each));
  }
  void operator()(const pingreq&) {}
  void operator()(const pingresp&) {}
  void operator()(const disconnect& m) {
    reason(m.reason);
    properties(m.properties);
  }
  void operator()(const auth& m) {
    reason(m.reason);
    properties(m.properties);
  }

private:
  static std::string number(std::uint32_t value) { return std::to_string(value); }
  static std::string string(std::string_view text) { return '"' + std::string{text} + '"'; }
  void line(std::string key, const std::string& value) {
    ((lines_ += key) += value.empty() ? " =" : " = ") += value + '\n';
  }
  void reason(reason_code code) {
    line("reason", hex(static_cast<std::uint8_t>(code)) + ' ' + std::string{name_of(code)});
  }
  void answers(const auto& m) {
    line("id", number(m.id));
    properties(m.properties);
    for (const auto each : m.reasons)
      reason(each);
  }

  static std::string value(bool v) { return number(v); }
  static std::string value(qos v) { return number(static_cast<unsigned>(v)); }
  static std::string value(payload_format v) { return number(static_cast<unsigned>(v)); }
  static std::string value(std::uint16_t v) { return number(v); }
  static std::string value(std::uint32_t v) { return number(v); }
  static std::string value(std::string_view v) { return string(v); }
  static std::string value(byte_view v) { return to_hex(v); }
  static std::string value(const user_property& v) {
    return string(v.name) + ' ' + string(v.value);
  }

  template <class Properties>
  void properties(const Properties& all) {
    Properties::each(all, [this](property id, const auto& member) { show(id, member); });
  }
  void show(property id, const auto& member) {
    std::string key{name_of(id)};
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char letter) {
      return letter == ' ' ? '_' : static_cast<char>(std::tolower(letter));
    });
    if constexpr (requires { member.has_value(); }) {
      if (member)
        line(key, value(*member));
    } else {
      for (const auto& each : member)
        line(key, value(each));
    }
  }

  std::string lines_;
};

} // namespace kodama::mqtt
