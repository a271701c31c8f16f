#pragma once

#include "protocol/mqtt/fixed_header.hpp"
#include "protocol/mqtt/packet.hpp"

#include <rapidcheck.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama::mqtt {

/// Draws packets that one side may send in one version, and keeps alive what they borrow. To be
/// used within a RapidCheck property, which then shrinks what was drawn.
class packet_generator {
public:
  packet_generator(protocol_version version, endpoint sender)
      : version_{version}
      , sender_{sender} {}

  /// Of all types that this side may send.
  packet draw() {
    const bool client = sender_ == endpoint::client;
    std::vector<packet_type> types{packet_type::publish, packet_type::puback, packet_type::pubrec,
                                   packet_type::pubrel, packet_type::pubcomp};
    if (client)
      types.insert(types.end(), {packet_type::subscribe, packet_type::unsubscribe,
                                 packet_type::pingreq, packet_type::disconnect});
    else
      types.insert(types.end(), {packet_type::connack, packet_type::suback, packet_type::unsuback,
                                 packet_type::pingresp});
    if (v5())
      types.insert(types.end(), {packet_type::disconnect, packet_type::auth});
    return draw(*rc::gen::elementOf(types));
  }

  packet draw(packet_type type) {
    switch (type) {
    case packet_type::connect: return draw_connect();
    case packet_type::connack: return draw_connack();
    case packet_type::publish: return draw_publish();
    case packet_type::puback: return draw_acknowledgement<packet_type::puback>();
    case packet_type::pubrec: return draw_acknowledgement<packet_type::pubrec>();
    case packet_type::pubrel: return draw_acknowledgement<packet_type::pubrel>();
    case packet_type::pubcomp: return draw_acknowledgement<packet_type::pubcomp>();
    case packet_type::subscribe: return draw_subscribe();
    case packet_type::suback: return draw_answers<suback>(type);
    case packet_type::unsubscribe: return draw_unsubscribe();
    case packet_type::unsuback: return draw_answers<unsuback>(type);
    case packet_type::pingreq: return pingreq{};
    case packet_type::pingresp: return pingresp{};
    case packet_type::disconnect: return draw_disconnect();
    default: return draw_auth();
    }
  }

  connect draw_connect() {
    connect m;
    m.version = version_;
    m.clean_start = draw_bool();
    m.keep_alive = number<std::uint16_t>();
    m.client_id = text();
    if (!v5() && m.client_id.empty())
      m.clean_start = true;
    if (draw_bool()) {
      auto& w = m.will.emplace();
      w.topic = topic();
      w.payload = binary();
      w.qos = draw_qos();
      w.retain = draw_bool();
      fill(w.properties);
    }
    if (draw_bool())
      m.user_name = text();
    if (draw_bool() && (v5() || m.user_name))
      m.password = binary();
    fill(m.properties);
    require_method(m.properties);
    return m;
  }

  publish draw_publish() {
    publish m;
    m.topic = topic();
    m.payload = binary();
    m.qos = draw_qos();
    m.retain = draw_bool();
    if (m.qos != qos::at_most_once) {
      m.dup = draw_bool();
      m.id = id();
    }
    fill(m.properties);
    if (sender_ == endpoint::client)
      m.properties.subscription_identifiers.clear();
    if (m.properties.topic_alias && draw_bool())
      m.topic = {};
    return m;
  }

  std::string_view filter() {
    auto& kept = keep(std::string{topic()});
    kept += *rc::gen::element<std::string>("", "/+", "/+/b", "/#", "//+/#");
    if (v5() && draw_bool())
      kept.insert(0, "$share/g/");
    return kept;
  }

private:
  [[nodiscard]] bool v5() const { return version_ == protocol_version::v5; }
  static bool draw_bool() { return *rc::gen::arbitrary<bool>(); }
  static qos draw_qos() { return static_cast<qos>(*rc::gen::inRange(0, 3)); }
  std::string& keep(std::string what) {
    return *kept_.emplace_back(std::make_unique<std::string>(std::move(what)));
  }

  // RapidCheck's sizes favour small numbers; the upper bytes must not be lost unnoticed.
  template <class Number>
  static Number number(Number from = 0, Number to = static_cast<Number>(-1)) {
    return draw_bool() ? *rc::gen::inRange<Number>(from, static_cast<Number>(from + 9))
                       : *rc::gen::inRange<Number>(static_cast<Number>(to / 2), to);
  }
  static packet_id id() { return number<packet_id>(1); }
  std::string_view text() {
    std::string all;
    for (const auto& each : *rc::gen::container<std::vector<std::string>>(
             rc::gen::element<std::string>("a", "b", "c", " ", "/", "+", "#", "$", "\x01", "\x7f",
                                           "é", "木", "🌲", "\xef\xbb\xbf")))
      all += each;
    return keep(std::move(all));
  }
  std::string_view topic() {
    std::string all{"t"};
    for (const auto letter : text())
      if (letter != '+' && letter != '#')
        all += letter;
    return keep(std::move(all));
  }
  byte_view binary() { return as_bytes(keep(*rc::gen::arbitrary<std::string>())); }

  void value(property, bool& to) { to = draw_bool(); }
  void value(property, qos& to) { to = static_cast<qos>(*rc::gen::inRange(0, 2)); }
  void value(property, payload_format& to) {
    to = static_cast<payload_format>(*rc::gen::inRange(0, 2));
  }
  void value(property, std::uint16_t& to) { to = number<std::uint16_t>(1); }
  void value(property id, std::uint32_t& to) {
    to = number<std::uint32_t>(
        1, id == property::subscription_identifier ? variable_byte_integer_max : 0xffff'ffff);
  }
  void value(property id, std::string_view& to) {
    to = id == property::response_topic ? topic() : text();
  }
  void value(property, byte_view& to) { to = binary(); }
  void value(property, user_property& to) { to = {text(), text()}; }

  template <class Properties>
  void fill(Properties& all) {
    if (!v5())
      return;
    Properties::each(all, [this](property id, auto& member) {
      if constexpr (requires { member.has_value(); }) {
        if (draw_bool())
          value(id, member.emplace());
      } else {
        for (auto count = *rc::gen::inRange(0, 3); count != 0; --count)
          value(id, member.emplace_back());
      }
    });
  }
  void require_method(auto& properties) {
    if (properties.authentication_data && !properties.authentication_method)
      properties.authentication_method = text();
  }

  reason_code draw_reason(packet_type type) {
    std::vector<reason_code> allowed;
    for (int code = 0; code != 256; ++code)
      if (is_allowed(static_cast<reason_code>(code), type))
        allowed.push_back(static_cast<reason_code>(code));
    return *rc::gen::elementOf(allowed);
  }

  connack draw_connack() {
    connack m;
    m.reason = v5() ? draw_reason(packet_type::connack)
                    : *from_return_code(static_cast<std::uint8_t>(*rc::gen::inRange(0, 6)));
    m.session_present = m.reason == reason_code::success && draw_bool();
    fill(m.properties);
    require_method(m.properties);
    return m;
  }
  template <packet_type Type>
  acknowledgement<Type> draw_acknowledgement() {
    acknowledgement<Type> m;
    m.id = id();
    if (v5())
      m.reason = draw_reason(Type);
    fill(m.properties);
    return m;
  }
  subscribe draw_subscribe() {
    subscribe m;
    m.id = id();
    for (auto count = *rc::gen::inRange(1, 4); count != 0; --count) {
      auto& each = m.subscriptions.emplace_back();
      each.filter = filter();
      each.maximum_qos = draw_qos();
      if (!v5())
        continue;
      each.no_local = !each.filter.starts_with("$share/") && draw_bool();
      each.retain_as_published = draw_bool();
      each.retain_handling = static_cast<retain_handling>(*rc::gen::inRange(0, 3));
    }
    fill(m.properties);
    return m;
  }
  template <class Answers>
  Answers draw_answers(packet_type type) {
    Answers m;
    m.id = id();
    fill(m.properties);
    if (!v5() && type == packet_type::unsuback)
      return m;
    for (auto count = *rc::gen::inRange(1, 4); count != 0; --count)
      m.reasons.push_back(v5() ? draw_reason(type)
                               : *rc::gen::element(reason_code{0}, reason_code{1}, reason_code{2},
                                                   reason_code::unspecified_error));
    return m;
  }
  unsubscribe draw_unsubscribe() {
    unsubscribe m;
    m.id = id();
    for (auto count = *rc::gen::inRange(1, 4); count != 0; --count)
      m.filters.push_back(filter());
    fill(m.properties);
    return m;
  }
  disconnect draw_disconnect() {
    disconnect m;
    fill(m.properties);
    if (v5())
      m.reason = draw_reason(packet_type::disconnect);
    if (sender_ == endpoint::server) {
      m.properties.session_expiry_interval.reset();
      if (m.reason == reason_code::disconnect_with_will_message)
        m.reason = reason_code::normal_disconnection;
    } else if (only_servers_disconnect_for(m.reason)) {
      m.reason = reason_code::normal_disconnection;
    }
    return m;
  }
  auth draw_auth() {
    auth m;
    m.reason = draw_reason(packet_type::auth);
    if (m.reason == reason_code::re_authenticate && sender_ == endpoint::server)
      m.reason = reason_code::continue_authentication;
    fill(m.properties);
    m.properties.authentication_method = text();
    return m;
  }

  protocol_version version_;
  endpoint sender_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

} // namespace kodama::mqtt
