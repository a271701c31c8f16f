#pragma once

#include <cstdint>
#include <string>

namespace kodama::net {

/// What a flaky_proxy has done so far. "Up" is from client to server.
struct flaky_statistics {
  std::uint64_t connections = 0; ///< accepted
  std::uint64_t refused = 0;     ///< of these: the server could not be reached
  std::uint64_t cuts = 0;        ///< both sides reset
  std::uint64_t half_opens = 0;  ///< one side reset, the other one never told
  std::uint64_t stalls = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::uint64_t datagrams_up = 0; ///< that left, copies included
  std::uint64_t datagrams_down = 0;
  std::uint64_t lost = 0;     ///< by chance
  std::uint64_t too_long = 0; ///< for the mtu
  std::uint64_t blocked = 0;
  std::uint64_t dropped = 0; ///< a queue or the table of clients was full, or the system refused
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0; ///< held back
  std::uint64_t rebinds = 0;

  bool operator==(const flaky_statistics&) const = default;
};

/// "connections=3 cuts=2 …": every field, in the order above, on one line.
[[nodiscard]] std::string to_string(const flaky_statistics& counted);

} // namespace kodama::net
