#include "protocol/mqtt/properties.hpp"

namespace kodama::mqtt {

std::string_view name_of(property id) noexcept {
  switch (id) {
  case property::payload_format_indicator: return "Payload Format Indicator";
  case property::message_expiry_interval: return "Message Expiry Interval";
  case property::content_type: return "Content Type";
  case property::response_topic: return "Response Topic";
  case property::correlation_data: return "Correlation Data";
  case property::subscription_identifier: return "Subscription Identifier";
  case property::session_expiry_interval: return "Session Expiry Interval";
  case property::assigned_client_identifier: return "Assigned Client Identifier";
  case property::server_keep_alive: return "Server Keep Alive";
  case property::authentication_method: return "Authentication Method";
  case property::authentication_data: return "Authentication Data";
  case property::request_problem_information: return "Request Problem Information";
  case property::will_delay_interval: return "Will Delay Interval";
  case property::request_response_information: return "Request Response Information";
  case property::response_information: return "Response Information";
  case property::server_reference: return "Server Reference";
  case property::reason_string: return "Reason String";
  case property::receive_maximum: return "Receive Maximum";
  case property::topic_alias_maximum: return "Topic Alias Maximum";
  case property::topic_alias: return "Topic Alias";
  case property::maximum_qos: return "Maximum QoS";
  case property::retain_available: return "Retain Available";
  case property::user_property: return "User Property";
  case property::maximum_packet_size: return "Maximum Packet Size";
  case property::wildcard_subscription_available: return "Wildcard Subscription Available";
  case property::subscription_identifier_available: return "Subscription Identifier Available";
  case property::shared_subscription_available: return "Shared Subscription Available";
  }
  return "unknown property";
}

} // namespace kodama::mqtt
