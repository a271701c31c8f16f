#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// Type-Length-Value: the layer below the messages (docs/protocol.md, "Bytes").
///
///     message = type:2 reserved:2 length:4 timestamp:4 section*     length counts the sections
///     section = type:2 reserved:2 length:4 value padding            length counts the value alone
///
/// Numbers are big-endian. A section is padded with zeros to a multiple of 4 bytes.
namespace kodama {

enum class message_type : std::uint16_t {
  connect_token = 0x0001,
  connack_success = 0x0002,
  connack_failed = 0x0010,
  connack_failed_token_error = 0x0011,
  connack_failed_protocol_version = 0x0012,
  connack_failed_limit_reached = 0x0013,
  connack_failed_session_unknown = 0x0014,
  connack_failed_resume_impossible = 0x0015,
  connack_failed_going_away = 0x0016,
  connack_failed_timeout = 0x0017,
  connack_failed_malformed = 0x0018,
  subscribe = 0x0020,
  suback = 0x0021,
  unsubscribe = 0x0022,
  unsuback = 0x0023,
  publish = 0x0030,
  ack = 0x0031,
  request_failed = 0x0032,
  watch = 0x0040,
  watchack = 0x0041,
  unwatch = 0x0042,
  unwatchack = 0x0043,
  presence = 0x0044,
  subscriber_list_request = 0x0045,
  subscriber_list = 0x0046,
  server_time_request = 0x0050,
  server_time = 0x0051,
  ping = 0x0060,
  pong = 0x0061,
  udp_probe = 0x0070,
  udp_probe_ack = 0x0071,
  disconnect = 0x007f,
};

enum class section_type : std::uint16_t {
  protocol_version = 0x1001,   ///< u32
  token = 0x1002,              ///< text
  keepalive = 0x1003,          ///< u32, milliseconds
  session_id = 0x1004,         ///< 16 bytes
  client_id = 0x1005,          ///< u64
  message_id = 0x1006,         ///< u64
  last_message_id = 0x1007,    ///< u64
  in_reply_to = 0x1008,        ///< u64
  topic = 0x1009,              ///< text
  topic_sequence = 0x100a,     ///< u64
  presence_sequence = 0x100b,  ///< u64
  unreliable_id = 0x100c,      ///< u64
  reason_code = 0x100d,        ///< u32
  reason_text = 0x100e,        ///< text
  client_id_list = 0x100f,     ///< u64 each
  remaining = 0x1010,          ///< u32
  presence_event = 0x1011,     ///< u32: 1 joined, 2 left
  echo_timestamp = 0x1012,     ///< u32
  unix_time = 0x1013,          ///< u64, microseconds
  message_size_max = 0x1014,   ///< u32, bytes
  sections_max = 0x1015,       ///< u32
  topic_length_max = 0x1016,   ///< u32, bytes
  topics_max = 0x1017,         ///< u32
  unacknowledged_max = 0x1018, ///< u32, messages
  resume_window = 0x1019,      ///< u32, milliseconds
  datagram_random = 0x101a,    ///< 32 bytes
  path_id = 0x101b,            ///< u64
  datagram_port = 0x101c,      ///< u32
  probe_id = 0x101d,           ///< u64
  padding = 0x101e,            ///< any bytes, ignored
};

/// From here on a section's type belongs to the user: it names the kind of a PUBLISH's content.
inline constexpr std::uint16_t user_section_first = 0x8000;

inline constexpr std::size_t message_header_size = 12;
inline constexpr std::size_t section_header_size = 8;

[[nodiscard]] constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + 3) & ~std::size_t{3};
}

/// How many bytes a section with a value of `size` bytes occupies.
[[nodiscard]] constexpr std::size_t section_size(std::size_t size) noexcept {
  return section_header_size + padded(size);
}

struct message_header {
  message_type type{};
  std::uint32_t length = 0;    ///< of the sections, in bytes
  std::uint32_t timestamp = 0; ///< the sender's millisecond timer

  [[nodiscard]] std::size_t message_size() const noexcept { return message_header_size + length; }
};

/// What a decoder accepts; judged by headers, before a body has to be stored.
struct decode_limits {
  std::uint32_t message_size_max = 64 * 1024; ///< header included
  std::uint32_t sections_max = 32;
};

/// Reads the header at the front of `input`. An empty optional means "not enough bytes yet"; an
/// error means that the length breaks a limit or is not a multiple of 4, and the link closes.
[[nodiscard]] result<std::optional<message_header>> read_header(byte_view input,
                                                                const decode_limits& limits);

struct section {
  std::uint16_t type = 0;
  byte_view value;
};

/// The value of the first section of that type, as far as `sections` is well-formed; of all else
/// nothing is judged. Borrows `sections`.
[[nodiscard]] std::optional<byte_view> find_first(byte_view sections, section_type type) noexcept;

/// The sections of one message, found by type. Borrows the message's bytes.
///
/// Unknown sections below 0x8000 are skipped, as the protocol demands; a known section that occurs
/// twice is malformed, and so is a second user section.
class section_index {
public:
  [[nodiscard]] static result<section_index> parse(byte_view sections, std::uint32_t sections_max);

  [[nodiscard]] bool has(section_type type) const noexcept;
  /// The value's bytes; malformed_message when the section is missing.
  [[nodiscard]] result<byte_view> value(section_type type) const;
  [[nodiscard]] result<std::uint32_t> u32(section_type type) const;
  [[nodiscard]] result<std::uint64_t> u64(section_type type) const;
  [[nodiscard]] result<std::string_view> text(section_type type) const;
  /// `fallback` where the section is absent; still an error where it is misshapen.
  [[nodiscard]] result<std::uint32_t> u32_or(section_type type, std::uint32_t fallback) const;
  [[nodiscard]] result<std::uint64_t> u64_or(section_type type, std::uint64_t fallback) const;
  [[nodiscard]] result<std::string_view> text_or_empty(section_type type) const;
  [[nodiscard]] const std::optional<section>& user() const noexcept { return user_; }

private:
  static constexpr std::uint16_t known_first = 0x1000;
  static constexpr std::size_t known_count = 32;

  struct place {
    std::uint32_t at;
    std::uint32_t size;
  };

  byte_view sections_;
  std::uint32_t present_ = 0; // one bit per known type
  std::optional<section> user_;
  std::array<place, known_count> places_; // set where present_ says so; the rest is left as it was
};

/// Appends one message to `out`, section by section; finish() fills in the length.
class message_writer {
public:
  message_writer(bytes& out, message_type type, std::uint32_t timestamp);

  message_writer& u32(section_type type, std::uint32_t value);
  message_writer& u64(section_type type, std::uint64_t value);
  message_writer& text(section_type type, std::string_view value);
  message_writer& raw(section_type type, byte_view value);
  message_writer& user(std::uint16_t type, byte_view value);
  void finish();

private:
  std::byte* append_section(std::uint16_t type, std::size_t size);

  bytes& out_;
  std::size_t start_;
};

/// Overwrites the timestamp of the encoded message that starts at `message`.
void patch_timestamp(std::byte* message, std::uint32_t timestamp) noexcept;

} // namespace kodama
