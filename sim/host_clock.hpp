#pragma once

#include "protocol/assert.hpp"
#include "protocol/time.hpp"

#include <cstdint>

namespace kodama::sim {

/// A host's own clock, the one that its timers go by: parts per million off the world's, and ahead
/// by as much as it has leapt. It is monotonic: it leaps forwards, and never goes back.
class host_clock {
public:
  explicit host_clock(std::int64_t drift_ppm = 0)
      : drift_ppm_{drift_ppm} {}

  [[nodiscard]] instant to_local(instant world) const noexcept {
    return instant{scale(world.time_since_epoch(), 1'000'000 + drift_ppm_, 1'000'000) + ahead_};
  }
  /// Not before the moment at which to_local() reaches `local`.
  [[nodiscard]] instant to_world(instant local) const noexcept {
    if (local == never)
      return never;
    return instant{scale(local.time_since_epoch() - ahead_, 1'000'000, 1'000'000 + drift_ppm_) +
                   duration{1}};
  }

  void leap(duration by) noexcept {
    KODAMA_ASSERT(by >= duration{0});
    ahead_ += by;
  }

private:
  __extension__ using wide = __int128;
  [[nodiscard]] static duration scale(duration what, std::int64_t by, std::int64_t over) noexcept {
    if (by == over)
      return what; // most runs have no drift, and 128-bit divisions are slow
    return duration{static_cast<duration::rep>(static_cast<wide>(what.count()) * by / over)};
  }

  std::int64_t drift_ppm_;
  duration ahead_{0};
};

} // namespace kodama::sim
