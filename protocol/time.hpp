#pragma once

#include <chrono>
#include <cstdint>

namespace kodama {

using duration = std::chrono::nanoseconds;

/// The axis on which instants lie. It has no now(): whoever needs the time is told it.
struct timeline {
  using duration = kodama::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<timeline, duration>;
  static constexpr bool is_steady = true;
};

/// A moment of a monotonic clock; only differences mean anything.
using instant = timeline::time_point;

inline constexpr instant never = instant::max();

/// What a message header carries: the sender's millisecond timer, wrapping after 49.7 days.
[[nodiscard]] inline std::uint32_t to_timestamp(instant now) noexcept {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  return static_cast<std::uint32_t>(since.count());
}

} // namespace kodama
