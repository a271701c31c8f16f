#include "protocol/message.hpp"

namespace kodama::message {

std::vector<client_id> subscriber_list::client_ids() const {
  std::vector<client_id> ids;
  for (auto rest = clients; rest.size() >= 8; rest = rest.subspan(8))
    ids.push_back(load_big<std::uint64_t>(rest.data()));
  return ids;
}

message_type connack_failed_type(errc reason) noexcept {
  switch (reason) {
  case errc::bad_token: return message_type::connack_failed_token_error;
  case errc::unsupported_version: return message_type::connack_failed_protocol_version;
  case errc::too_many_connections:
  case errc::too_many_sessions:
  case errc::too_many_unauthenticated: return message_type::connack_failed_limit_reached;
  case errc::session_unknown: return message_type::connack_failed_session_unknown;
  case errc::slow_reader:
  case errc::resume_impossible: return message_type::connack_failed_resume_impossible;
  case errc::going_away: return message_type::connack_failed_going_away;
  case errc::connect_timeout: return message_type::connack_failed_timeout;
  case errc::malformed_message:
  case errc::message_too_long:
  case errc::too_many_sections:
  case errc::unexpected_message: return message_type::connack_failed_malformed;
  default: return message_type::connack_failed;
  }
}

std::string_view name_of(message_type type) noexcept {
  switch (type) {
  case message_type::connect_token: return "CONNECT TOKEN";
  case message_type::connack_success: return "CONNACK SUCCESS";
  case message_type::connack_failed: return "CONNACK FAILED";
  case message_type::connack_failed_token_error: return "CONNACK FAILED TOKEN ERROR";
  case message_type::connack_failed_protocol_version: return "CONNACK FAILED PROTOCOL VERSION";
  case message_type::connack_failed_limit_reached: return "CONNACK FAILED LIMIT REACHED";
  case message_type::connack_failed_session_unknown: return "CONNACK FAILED SESSION UNKNOWN";
  case message_type::connack_failed_resume_impossible: return "CONNACK FAILED RESUME IMPOSSIBLE";
  case message_type::connack_failed_going_away: return "CONNACK FAILED GOING AWAY";
  case message_type::connack_failed_timeout: return "CONNACK FAILED TIMEOUT";
  case message_type::connack_failed_malformed: return "CONNACK FAILED MALFORMED";
  case message_type::subscribe: return "SUBSCRIBE";
  case message_type::suback: return "SUBACK";
  case message_type::unsubscribe: return "UNSUBSCRIBE";
  case message_type::unsuback: return "UNSUBACK";
  case message_type::publish: return "PUBLISH";
  case message_type::ack: return "ACK";
  case message_type::request_failed: return "REQUEST FAILED";
  case message_type::watch: return "WATCH";
  case message_type::watchack: return "WATCHACK";
  case message_type::unwatch: return "UNWATCH";
  case message_type::unwatchack: return "UNWATCHACK";
  case message_type::presence: return "PRESENCE";
  case message_type::subscriber_list_request: return "SUBSCRIBER LIST REQUEST";
  case message_type::subscriber_list: return "SUBSCRIBER LIST";
  case message_type::server_time_request: return "SERVER TIME REQUEST";
  case message_type::server_time: return "SERVER TIME";
  case message_type::ping: return "PING";
  case message_type::pong: return "PONG";
  case message_type::udp_probe: return "UDP PROBE";
  case message_type::udp_probe_ack: return "UDP PROBE ACK";
  case message_type::disconnect: return "DISCONNECT";
  }
  return "unknown message";
}

} // namespace kodama::message
