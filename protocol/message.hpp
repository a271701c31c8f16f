#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/limits.hpp"
#include "protocol/result.hpp"
#include "protocol/tlv.hpp"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

/// The native messages as plain structs (docs/protocol.md, "Messages").
///
/// A decoded message borrows the bytes it was decoded from: texts and contents are views. What a
/// message needs is expressed only by the sections it carries; an optional member is an optional
/// section, and an id of 0 is an absent one. `type` is the MessageType by which a struct travels;
/// only `connack_failed` has several.
namespace kodama::message {

inline constexpr std::uint32_t protocol_version = 1;

using datagram_random = std::array<std::byte, 32>;

struct resume_point {
  kodama::session_id session;
  message_id last_received = 0;
};

/// Client to server, first on every connection.
struct connect_token {
  static constexpr auto type = message_type::connect_token;
  std::uint32_t version = protocol_version;
  std::string_view token;                ///< empty where the server asks for none
  std::uint32_t keepalive_ms = 0;        ///< wished for; the server answers with what holds
  std::optional<resume_point> resume;    ///< absent: a new session
  std::optional<datagram_random> random; ///< present: this client would like UDP
};

struct datagram_offer {
  datagram_random random{};
  path_id path = 0;
  std::uint16_t port = 0; ///< at the address of the client's TCP connection; 0: its port, too
};

struct connack_success {
  static constexpr auto type = message_type::connack_success;
  client_id client = 0;
  kodama::session_id session;
  message_id last_received = 0; ///< of the client's messages; it sends again from the next one on
  std::uint32_t keepalive_ms = 0;
  session_limits limits;
  std::optional<datagram_offer> datagram;
};

/// One MessageType per family of reasons; the code says which exactly.
struct connack_failed {
  errc reason{};
  std::string_view text;
};

struct subscribe {
  static constexpr auto type = message_type::subscribe;
  message_id id = 0;
  std::string_view topic; ///< or a filter with wildcards
};

/// From `first` on, every message of the topic reaches this session; by a filter, of every topic
/// that matches, everything that is published from now on.
struct suback {
  static constexpr auto type = message_type::suback;
  message_id id = 0;
  message_id in_reply_to = 0;
  std::string_view topic;
  topic_sequence first = 0; ///< absent for a filter
};

struct unsubscribe {
  static constexpr auto type = message_type::unsubscribe;
  message_id id = 0;
  std::string_view topic; ///< or a filter, as it was subscribed to
};

/// Nothing from `end` on will reach this session; everything before it has been sent already. By
/// the filter, nothing more.
struct unsuback {
  static constexpr auto type = message_type::unsuback;
  message_id id = 0;
  message_id in_reply_to = 0;
  std::string_view topic;
  topic_sequence end = 0; ///< absent for a filter
};

/// Exactly one of `id` and `unreliable` is set. Towards a subscriber `sender` is set, unless no
/// session has published it (HTTP), and with a guarantee `sequence` too.
struct publish {
  static constexpr auto type = message_type::publish;
  message_id id = 0;
  unreliable_id unreliable = 0;
  std::string_view topic;
  topic_sequence sequence = 0;
  client_id sender = 0;
  std::uint16_t content_type = user_section_first;
  byte_view content;

  [[nodiscard]] bool reliable() const noexcept { return id != 0; }
};

/// Cumulative: everything up to `through` has taken effect.
struct ack {
  static constexpr auto type = message_type::ack;
  message_id through = 0;
};

/// The answer to a request (or a reliable PUBLISH) that was refused.
struct request_failed {
  static constexpr auto type = message_type::request_failed;
  message_id id = 0;
  message_id in_reply_to = 0;
  errc reason{};
  std::string_view text;
};

struct watch {
  static constexpr auto type = message_type::watch;
  message_id id = 0;
  std::string_view topic;
};

/// From `first` on, every join and leave of the topic reaches this session.
struct watchack {
  static constexpr auto type = message_type::watchack;
  message_id id = 0;
  message_id in_reply_to = 0;
  std::string_view topic;
  presence_sequence first = 0;
};

struct unwatch {
  static constexpr auto type = message_type::unwatch;
  message_id id = 0;
  std::string_view topic;
};

struct unwatchack {
  static constexpr auto type = message_type::unwatchack;
  message_id id = 0;
  message_id in_reply_to = 0;
  std::string_view topic;
  presence_sequence end = 0;
};

enum class presence_event : std::uint32_t { joined = 1, left = 2 };

struct presence {
  static constexpr auto type = message_type::presence;
  message_id id = 0;
  std::string_view topic;
  presence_sequence sequence = 0;
  client_id client = 0;
  presence_event event = presence_event::joined;
};

struct subscriber_list_request {
  static constexpr auto type = message_type::subscriber_list_request;
  message_id id = 0;
  std::string_view topic;
};

/// A part of the answer; complete with the part whose `remaining` is 0. All parts carry the same
/// `sequence`: the list is the fold of all notifications up to and including that one.
struct subscriber_list {
  static constexpr auto type = message_type::subscriber_list;
  message_id id = 0;
  message_id in_reply_to = 0;
  std::string_view topic;
  presence_sequence sequence = 0;
  byte_view clients; ///< ClientIDs, 8 bytes each, ascending
  std::uint32_t remaining = 0;

  [[nodiscard]] std::vector<client_id> client_ids() const;
};

/// Not numbered: an answer that a lost connection swallowed is asked for again.
struct server_time_request {
  static constexpr auto type = message_type::server_time_request;
};

struct server_time {
  static constexpr auto type = message_type::server_time;
  std::uint32_t echo_timestamp = 0;
  std::uint64_t unix_micros = 0;
};

struct ping {
  static constexpr auto type = message_type::ping;
};

struct pong {
  static constexpr auto type = message_type::pong;
  std::uint32_t echo_timestamp = 0;
};

/// Only in datagrams. Padded to the size that it is to prove.
struct udp_probe {
  static constexpr auto type = message_type::udp_probe;
  std::uint64_t probe = 0;
  std::size_t padding = 0; ///< bytes of padding value; 0: no padding section
};

struct udp_probe_ack {
  static constexpr auto type = message_type::udp_probe_ack;
  std::uint64_t probe = 0;
};

/// Ends the session at once, for the reason given.
struct disconnect {
  static constexpr auto type = message_type::disconnect;
  errc reason = errc::normal;
  std::string_view text;
};

using any =
    std::variant<connect_token, connack_success, connack_failed, subscribe, suback, unsubscribe,
                 unsuback, publish, ack, request_failed, watch, watchack, unwatch, unwatchack,
                 presence, subscriber_list_request, subscriber_list, server_time_request,
                 server_time, ping, pong, udp_probe, udp_probe_ack, disconnect>;

/// Decodes the sections of one message. The result borrows `sections`.
///
/// Of a CONNECT TOKEN of another version only that version: the rest need not be shaped as ours is,
/// and whoever sent it is to hear that versions differ (docs/protocol.md, Compatibility).
[[nodiscard]] result<any> decode(const message_header& header, byte_view sections,
                                 std::uint32_t sections_max);

/// Appends the encoded message to `out`.
///
/// In a numbered message the MESSAGE_ID (or UNRELIABLE_ID) section comes first and, towards a
/// subscriber, TOPIC_SEQUENCE second, so that our own sender can patch them in place; receivers
/// must not rely on it.
void encode(bytes& out, const any& what, std::uint32_t timestamp);

/// Where the value of the first section of an encoded message lies, and that of the second when
/// the first is a u64.
inline constexpr std::size_t number_offset = message_header_size + section_header_size;
inline constexpr std::size_t sequence_offset = number_offset + 8 + section_header_size;

/// How much longer a PUBLISH can get between publisher and subscriber: TOPIC_SEQUENCE, CLIENT_ID.
inline constexpr std::uint32_t relay_overhead = 2 * (section_header_size + 8);

/// The MessageType by which a refusal for `reason` travels.
[[nodiscard]] message_type connack_failed_type(errc reason) noexcept;

/// "PUBLISH", "CONNACK FAILED TOKEN ERROR": the name that the documents use.
[[nodiscard]] std::string_view name_of(message_type type) noexcept;

} // namespace kodama::message
