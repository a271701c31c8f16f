#pragma once

#include "protocol/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// The properties of MQTT 5.0 (2.2.2.2, table 2-4) as plain members: one struct for each packet, so
/// that a property which a packet can't carry has no place in it. In 3.1.1 they are all absent.
///
/// `each` shows every member with its identifier, in the order in which we send them; decoder and
/// encoder know the properties by nothing else.
namespace kodama::mqtt {

enum class property : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0b,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1a,
  server_reference = 0x1c,
  reason_string = 0x1f,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2a,
};

/// "Session Expiry Interval": the name of table 2-4.
[[nodiscard]] std::string_view name_of(property id) noexcept;

enum class qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

enum class payload_format : std::uint8_t { unspecified = 0, utf8 = 1 };

struct user_property {
  std::string_view name;
  std::string_view value;

  bool operator==(const user_property&) const = default;
};

/// In the order of the packet, names repeated as they come: it has to be kept when a PUBLISH is
/// passed on [MQTT-3.3.2-18].
using user_properties = std::vector<user_property>;

struct connect_properties {
  std::optional<std::uint32_t> session_expiry_interval; ///< seconds; 0xFFFFFFFF: never
  std::optional<std::uint16_t> receive_maximum;         ///< absent: 65535
  std::optional<std::uint32_t> maximum_packet_size;
  std::optional<std::uint16_t> topic_alias_maximum; ///< absent: 0
  std::optional<bool> request_response_information;
  std::optional<bool> request_problem_information; ///< absent: yes
  std::optional<std::string_view> authentication_method;
  std::optional<byte_view> authentication_data;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::session_expiry_interval, self.session_expiry_interval);
    visit(property::receive_maximum, self.receive_maximum);
    visit(property::maximum_packet_size, self.maximum_packet_size);
    visit(property::topic_alias_maximum, self.topic_alias_maximum);
    visit(property::request_response_information, self.request_response_information);
    visit(property::request_problem_information, self.request_problem_information);
    visit(property::authentication_method, self.authentication_method);
    visit(property::authentication_data, self.authentication_data);
    visit(property::user_property, self.user);
  }
};

struct will_properties {
  std::optional<std::uint32_t> will_delay_interval; ///< seconds
  std::optional<payload_format> payload_format_indicator;
  std::optional<std::uint32_t> message_expiry_interval; ///< seconds
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> response_topic;
  std::optional<byte_view> correlation_data;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::will_delay_interval, self.will_delay_interval);
    visit(property::payload_format_indicator, self.payload_format_indicator);
    visit(property::message_expiry_interval, self.message_expiry_interval);
    visit(property::content_type, self.content_type);
    visit(property::response_topic, self.response_topic);
    visit(property::correlation_data, self.correlation_data);
    visit(property::user_property, self.user);
  }
};

struct connack_properties {
  std::optional<std::uint32_t> session_expiry_interval;
  std::optional<std::uint16_t> receive_maximum;
  std::optional<qos> maximum_qos; ///< absent: 2, which may not be said
  std::optional<bool> retain_available;
  std::optional<std::uint32_t> maximum_packet_size;
  std::optional<std::string_view> assigned_client_identifier;
  std::optional<std::uint16_t> topic_alias_maximum;
  std::optional<std::string_view> reason_string;
  std::optional<bool> wildcard_subscription_available;
  std::optional<bool> subscription_identifier_available;
  std::optional<bool> shared_subscription_available;
  std::optional<std::uint16_t> server_keep_alive; ///< seconds
  std::optional<std::string_view> response_information;
  std::optional<std::string_view> server_reference;
  std::optional<std::string_view> authentication_method;
  std::optional<byte_view> authentication_data;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::session_expiry_interval, self.session_expiry_interval);
    visit(property::receive_maximum, self.receive_maximum);
    visit(property::maximum_qos, self.maximum_qos);
    visit(property::retain_available, self.retain_available);
    visit(property::maximum_packet_size, self.maximum_packet_size);
    visit(property::assigned_client_identifier, self.assigned_client_identifier);
    visit(property::topic_alias_maximum, self.topic_alias_maximum);
    visit(property::reason_string, self.reason_string);
    visit(property::wildcard_subscription_available, self.wildcard_subscription_available);
    visit(property::subscription_identifier_available, self.subscription_identifier_available);
    visit(property::shared_subscription_available, self.shared_subscription_available);
    visit(property::server_keep_alive, self.server_keep_alive);
    visit(property::response_information, self.response_information);
    visit(property::server_reference, self.server_reference);
    visit(property::authentication_method, self.authentication_method);
    visit(property::authentication_data, self.authentication_data);
    visit(property::user_property, self.user);
  }
};

/// The first two differ from one subscriber to the next, so they come first; what follows them is
/// the same for all and shared (publish_image).
struct publish_properties {
  std::optional<std::uint32_t> message_expiry_interval; ///< seconds
  std::vector<std::uint32_t> subscription_identifiers;  ///< towards a subscriber only
  std::optional<std::uint16_t> topic_alias;
  std::optional<payload_format> payload_format_indicator;
  std::optional<std::string_view> response_topic;
  std::optional<byte_view> correlation_data;
  std::optional<std::string_view> content_type;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    each_of_one_subscriber(self, visit);
    each_shared(self, visit);
  }
  static void each_of_one_subscriber(auto& self, auto&& visit) {
    visit(property::message_expiry_interval, self.message_expiry_interval);
    visit(property::subscription_identifier, self.subscription_identifiers);
    visit(property::topic_alias, self.topic_alias);
  }
  static void each_shared(auto& self, auto&& visit) {
    visit(property::payload_format_indicator, self.payload_format_indicator);
    visit(property::response_topic, self.response_topic);
    visit(property::correlation_data, self.correlation_data);
    visit(property::content_type, self.content_type);
    visit(property::user_property, self.user);
  }
};

/// Of PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
struct answer_properties {
  std::optional<std::string_view> reason_string;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::reason_string, self.reason_string);
    visit(property::user_property, self.user);
  }
};

struct subscribe_properties {
  std::optional<std::uint32_t> subscription_identifier;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::subscription_identifier, self.subscription_identifier);
    visit(property::user_property, self.user);
  }
};

struct unsubscribe_properties {
  user_properties user;

  static void each(auto& self, auto&& visit) { visit(property::user_property, self.user); }
};

struct disconnect_properties {
  std::optional<std::uint32_t> session_expiry_interval; ///< from a client only
  std::optional<std::string_view> reason_string;
  std::optional<std::string_view> server_reference;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::session_expiry_interval, self.session_expiry_interval);
    visit(property::reason_string, self.reason_string);
    visit(property::server_reference, self.server_reference);
    visit(property::user_property, self.user);
  }
};

struct auth_properties {
  std::optional<std::string_view> authentication_method;
  std::optional<byte_view> authentication_data;
  std::optional<std::string_view> reason_string;
  user_properties user;

  static void each(auto& self, auto&& visit) {
    visit(property::authentication_method, self.authentication_method);
    visit(property::authentication_data, self.authentication_data);
    visit(property::reason_string, self.reason_string);
    visit(property::user_property, self.user);
  }
};

} // namespace kodama::mqtt
