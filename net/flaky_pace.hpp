#pragma once

#include "protocol/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kodama::net {

/// Says when the things of one direction leave: after their turn on a link of limited bandwidth
/// and their own delay, and never before one that came earlier.
class flaky_pace {
public:
  using clock = std::chrono::steady_clock;

  /// `bandwidth` in bytes per second, 0 for no limit.
  explicit flaky_pace(std::uint64_t bandwidth) noexcept
      : bandwidth_{bandwidth} {}

  [[nodiscard]] clock::time_point departure(clock::time_point now, std::size_t size,
                                            duration delay) noexcept {
    link_free_ = std::max(link_free_, now) + on_the_link(size);
    last_ = std::max(last_, link_free_ + delay);
    return last_;
  }

private:
  [[nodiscard]] duration on_the_link(std::size_t size) const noexcept {
    // At most one datagram or chunk: 64 KiB times 10^9 is far from the limit of 64 bits.
    return duration{
        bandwidth_ == 0 ? 0 : static_cast<duration::rep>(size * 1'000'000'000 / bandwidth_)};
  }

  std::uint64_t bandwidth_;
  clock::time_point link_free_{};
  clock::time_point last_{};
};

} // namespace kodama::net
