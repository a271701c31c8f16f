#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kodama::mqtt {

/// What four bytes of seven bits can say (2.1.4).
inline constexpr std::uint32_t variable_byte_integer_max = 268'435'455;
/// The longest packet that can be framed: first byte, Remaining Length, and as much as that says.
inline constexpr std::uint32_t packet_size_limit = 1 + 4 + variable_byte_integer_max;

/// How many bytes a Variable Byte Integer takes (1.5.5).
[[nodiscard]] constexpr std::size_t variable_size(std::uint32_t value) noexcept {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20'0000 ? 3 : 4;
}

/// What is known about the sender of the bytes.
struct decode_options {
  endpoint sender = endpoint::client;
  /// Absent until CONNECT has named it, and then nothing but CONNECT is decoded.
  std::optional<protocol_version> version;
  /// Of the whole packet: what we gave as Maximum Packet Size, or our own limit in 3.1.1.
  std::uint32_t packet_size_max = packet_size_limit;
};

struct fixed_header {
  packet_type type{};
  std::uint8_t flags = 0;             ///< the lower half of the first byte
  std::uint8_t size = 0;              ///< of this header, in bytes
  std::uint32_t remaining_length = 0; ///< what follows it

  [[nodiscard]] std::size_t packet_size() const noexcept { return size + remaining_length; }
};

/// Reads the header at the front of `input`; empty where more bytes are needed.
///
/// All that can be told from it is judged here, before the body arrives: a type that is reserved or
/// that this sender never sends, wrong flags, a length of more than four bytes, a packet that is
/// too large. Waiting for the body would let any peer make us buffer 256 MB by sending five bytes.
[[nodiscard]] outcome<std::optional<fixed_header>> read_fixed_header(byte_view input,
                                                                     const decode_options& options);

} // namespace kodama::mqtt
