#pragma once

#include "sim/random.hpp"

#include <chrono>
#include <cstdint>

namespace kodama::sim {

/// Numbers for things that have none of their own, such as the segments of a connection: made of
/// the stretch of time in which one comes, and of how many came before it in that stretch.
///
/// Counted over a whole run, one thing more would change the number of all that follow; so it
/// changes those of its stretch at most. And unlike the exact moment, such a number stays what it
/// is when all comes a little later.
class timed_numbers {
public:
  /// Of something that comes now. Time never goes backwards.
  constexpr std::uint64_t next(instant now) noexcept {
    const auto stretch = static_cast<std::uint64_t>(now.time_since_epoch() / stretch_length);
    if (stretch != stretch_) {
      stretch_ = stretch;
      count_ = 0;
    }
    return entity_of(stretch, count_++);
  }

private:
  /// Longer than what a few bytes more take on a slow line, shorter than the way of most messages.
  static constexpr duration stretch_length = std::chrono::milliseconds{32};

  std::uint64_t stretch_ = 0;
  std::uint64_t count_ = 0;
};

/// The decisions about such things at one site.
class timed_draws {
public:
  constexpr explicit timed_draws(decision_stream stream) noexcept
      : stream_{stream} {}

  constexpr std::uint64_t next(instant now) noexcept { return stream_.at(numbers_.next(now)); }

private:
  decision_stream stream_;
  timed_numbers numbers_;
};

} // namespace kodama::sim
