#include "protocol/mqtt/reason_code.hpp"

#include <algorithm>
#include <iterator>

namespace kodama::mqtt {
namespace {

/// One bit for each packet type.
constexpr std::uint16_t bit(packet_type type) noexcept {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type));
}

constexpr auto connack = bit(packet_type::connack), puback = bit(packet_type::puback),
               pubrec = bit(packet_type::pubrec), pubrel = bit(packet_type::pubrel),
               pubcomp = bit(packet_type::pubcomp), suback = bit(packet_type::suback),
               unsuback = bit(packet_type::unsuback), disconnect = bit(packet_type::disconnect),
               auth = bit(packet_type::auth);

struct row {
  reason_code code;
  std::string_view name;
  int packets;
};

/// Table 2-6, in its order, so that it can be searched by halves.
constexpr row rows[] = {
    {reason_code::success, "Success",
     connack | puback | pubrec | pubrel | pubcomp | suback | unsuback | disconnect | auth},
    {reason_code::granted_qos_1, "Granted QoS 1", suback},
    {reason_code::granted_qos_2, "Granted QoS 2", suback},
    {reason_code::disconnect_with_will_message, "Disconnect with Will Message", disconnect},
    {reason_code::no_matching_subscribers, "No matching subscribers", puback | pubrec},
    {reason_code::no_subscription_existed, "No subscription existed", unsuback},
    {reason_code::continue_authentication, "Continue authentication", auth},
    {reason_code::re_authenticate, "Re-authenticate", auth},
    {reason_code::unspecified_error, "Unspecified error",
     connack | puback | pubrec | suback | unsuback | disconnect},
    {reason_code::malformed_packet, "Malformed Packet", connack | disconnect},
    {reason_code::protocol_error, "Protocol Error", connack | disconnect},
    {reason_code::implementation_specific_error, "Implementation specific error",
     connack | puback | pubrec | suback | unsuback | disconnect},
    {reason_code::unsupported_protocol_version, "Unsupported Protocol Version", connack},
    {reason_code::client_identifier_not_valid, "Client Identifier not valid", connack},
    {reason_code::bad_user_name_or_password, "Bad User Name or Password", connack},
    {reason_code::not_authorized, "Not authorized",
     connack | puback | pubrec | suback | unsuback | disconnect},
    {reason_code::server_unavailable, "Server unavailable", connack},
    {reason_code::server_busy, "Server busy", connack | disconnect},
    {reason_code::banned, "Banned", connack},
    {reason_code::server_shutting_down, "Server shutting down", disconnect},
    {reason_code::bad_authentication_method, "Bad authentication method", connack | disconnect},
    {reason_code::keep_alive_timeout, "Keep Alive timeout", disconnect},
    {reason_code::session_taken_over, "Session taken over", disconnect},
    {reason_code::topic_filter_invalid, "Topic Filter invalid", suback | unsuback | disconnect},
    {reason_code::topic_name_invalid, "Topic Name invalid", connack | puback | pubrec | disconnect},
    {reason_code::packet_identifier_in_use, "Packet Identifier in use",
     puback | pubrec | suback | unsuback},
    {reason_code::packet_identifier_not_found, "Packet Identifier not found", pubrel | pubcomp},
    {reason_code::receive_maximum_exceeded, "Receive Maximum exceeded", disconnect},
    {reason_code::topic_alias_invalid, "Topic Alias invalid", disconnect},
    {reason_code::packet_too_large, "Packet too large", connack | disconnect},
    {reason_code::message_rate_too_high, "Message rate too high", disconnect},
    {reason_code::quota_exceeded, "Quota exceeded",
     connack | puback | pubrec | suback | disconnect},
    {reason_code::administrative_action, "Administrative action", disconnect},
    {reason_code::payload_format_invalid, "Payload format invalid",
     connack | puback | pubrec | disconnect},
    {reason_code::retain_not_supported, "Retain not supported", connack | disconnect},
    {reason_code::qos_not_supported, "QoS not supported", connack | disconnect},
    {reason_code::use_another_server, "Use another server", connack | disconnect},
    {reason_code::server_moved, "Server moved", connack | disconnect},
    {reason_code::shared_subscriptions_not_supported, "Shared Subscriptions not supported",
     suback | disconnect},
    {reason_code::connection_rate_exceeded, "Connection rate exceeded", connack | disconnect},
    {reason_code::maximum_connect_time, "Maximum connect time", disconnect},
    {reason_code::subscription_identifiers_not_supported, "Subscription Identifiers not supported",
     suback | disconnect},
    {reason_code::wildcard_subscriptions_not_supported, "Wildcard Subscriptions not supported",
     suback | disconnect},
};

const row* find(reason_code code) noexcept {
  const auto* found =
      std::lower_bound(std::begin(rows), std::end(rows), code,
                       [](const row& each, reason_code c) { return each.code < c; });
  return found != std::end(rows) && found->code == code ? found : nullptr;
}

} // namespace

std::string_view name_of(reason_code code) noexcept {
  const auto* found = find(code);
  return found ? found->name : "Unknown";
}

bool is_allowed(reason_code code, packet_type type) noexcept {
  const auto* found = find(code);
  return found && (found->packets & bit(type)) != 0;
}

bool only_servers_disconnect_for(reason_code code) noexcept {
  switch (code) {
  case reason_code::not_authorized:
  case reason_code::server_busy:
  case reason_code::server_shutting_down:
  case reason_code::keep_alive_timeout:
  case reason_code::session_taken_over:
  case reason_code::topic_filter_invalid:
  case reason_code::retain_not_supported:
  case reason_code::qos_not_supported:
  case reason_code::use_another_server:
  case reason_code::server_moved:
  case reason_code::shared_subscriptions_not_supported:
  case reason_code::connection_rate_exceeded:
  case reason_code::maximum_connect_time:
  case reason_code::subscription_identifiers_not_supported:
  case reason_code::wildcard_subscriptions_not_supported: return true;
  default: return false;
  }
}

std::optional<std::uint8_t> to_return_code(reason_code code) noexcept {
  switch (code) {
  case reason_code::success: return 0;
  case reason_code::unsupported_protocol_version: return 1;
  case reason_code::client_identifier_not_valid: return 2;
  case reason_code::server_unavailable:
  case reason_code::server_busy:
  case reason_code::quota_exceeded:
  case reason_code::connection_rate_exceeded: return 3;
  case reason_code::bad_user_name_or_password: return 4;
  case reason_code::not_authorized:
  case reason_code::banned: return 5;
  default: return std::nullopt;
  }
}

std::optional<reason_code> from_return_code(std::uint8_t code) noexcept {
  switch (code) {
  case 0: return reason_code::success;
  case 1: return reason_code::unsupported_protocol_version;
  case 2: return reason_code::client_identifier_not_valid;
  case 3: return reason_code::server_unavailable;
  case 4: return reason_code::bad_user_name_or_password;
  case 5: return reason_code::not_authorized;
  default: return std::nullopt;
  }
}

} // namespace kodama::mqtt
