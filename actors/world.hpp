#pragma once

#include "protocol/chance.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kodama::actors {

class datagram_port;
class observer;

/// The time of day, for SERVER TIME. (Monotonic time comes from the home unit.)
class wall_clock {
public:
  virtual ~wall_clock() = default;
  [[nodiscard]] virtual std::uint64_t unix_micros() const = 0;
};

/// Who may come in.
class token_check {
public:
  virtual ~token_check() = default;
  /// Thread safe.
  /// Which holder of a token this is, counted from 1; 0: nobody. A session belongs to its holder.
  [[nodiscard]] virtual std::size_t identify(std::string_view token) const = 0;
};

/// Everything a node takes from the world around it; owned by whoever made the world, and outlives
/// the node.
struct surroundings {
  const wall_clock& clock;
  chance& random; ///< thread safe where there is more than one home
  datagram_port& datagrams;
  const token_check& tokens;
  observer& watching;
};

} // namespace kodama::actors
