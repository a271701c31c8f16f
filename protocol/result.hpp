#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string_view>

namespace kodama {

/// Why a request, a connection or a session ended: one vocabulary from the decoder to the log.
///
/// The numbers travel in the REASON_CODE section (docs/protocol.md, "Reasons"); they are never
/// reused. Each name says which rule was broken; the text that travels beside it says by what.
enum class errc : std::uint32_t {
  normal = 1,            ///< asked for by the peer itself
  going_away = 2,        ///< the server is shutting down
  taken_over = 3,        ///< a newer connection resumed the session
  keepalive_timeout = 4, ///< nothing heard for 1.5 keepalives
  malformed_message = 5, ///< lengths that contradict each other, a missing or misshapen section
  message_too_long = 6,  ///< limit message_size_max
  too_many_sections = 7, ///< limit sections_max
  message_id_gap = 8,    ///< a MessageID was skipped
  too_many_unacknowledged = 9,   ///< limit unacknowledged_max
  slow_reader = 10,              ///< limit session_buffer_max: more is owed than may be kept
  unexpected_message = 11,       ///< a message that this side never receives, or not in this state
  invalid_topic = 12,            ///< not UTF-8, a control character, a wildcard where none may be
  topic_too_long = 13,           ///< limit topic_length_max
  too_many_topics = 14,          ///< limit topics_max
  too_many_connections = 15,     ///< limit connections_max
  too_many_unauthenticated = 16, ///< limit unauthenticated_max
  connect_timeout = 17,          ///< no CONNECT within connect_timeout
  bad_token = 18,                ///< the token is not one of the server's, or no longer
  unsupported_version = 19,
  session_unknown = 20,     ///< never existed, expired, or ended
  resume_impossible = 21,   ///< the two sides no longer agree on what was received
  connection_lost = 22,     ///< the transport failed; never sent, only reported
  too_many_sessions = 23,   ///< limit sessions_max
  bad_acknowledgement = 24, ///< acknowledged what was never sent
  not_authorized = 25,      ///< the account may not use this topic
  quota_exceeded = 26,      ///< the plan's messages of this month, or its stored bytes, are used up
  rate_exceeded = 27,       ///< more messages a second than the plan has
};

/// The name as the documents print it, such as "slow_reader".
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// False for a number that this version does not know; such a number is shown, never trusted.
[[nodiscard]] bool is_known(errc code) noexcept;

[[nodiscard]] const boost::system::error_category& kodama_category() noexcept;

[[nodiscard]] inline boost::system::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), kodama_category()};
}

template <class T>
using result = boost::system::result<T>;

} // namespace kodama

template <>
struct boost::system::is_error_code_enum<kodama::errc> : std::true_type {};
