#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kodama {

/// Counts what one side of a session sends with a guarantee: 1, 2, 3 … over all connections of
/// the session, one counter per direction. 0 stands for "none yet".
using message_id = std::uint64_t;

/// Counts what one side of a session sends without a guarantee, over TCP and UDP alike.
using unreliable_id = std::uint64_t;

/// How others know a client. Never 0, never given twice by one server process.
using client_id = std::uint64_t;

/// Position of a reliable message in its topic: 1, 2, 3 … without a gap.
using topic_sequence = std::uint64_t;

/// Position of a join or leave in the presence history of a topic.
using presence_sequence = std::uint64_t;

/// Names a datagram channel in the clear, so that a datagram finds its session.
using path_id = std::uint64_t;

/// The secret by which a session is resumed: 128 bits of chance, known to its client alone.
struct session_id {
  std::array<std::byte, 16> value{};

  auto operator<=>(const session_id&) const = default;
};

/// The first 4 bytes in hex: enough to tell sessions apart in a log, too little to resume one.
[[nodiscard]] std::string to_short_string(const session_id& id);

} // namespace kodama
