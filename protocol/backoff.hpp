#pragma once

#include "protocol/chance.hpp"
#include "protocol/time.hpp"

namespace kodama {

/// How long to wait before the next attempt to connect: doubles from `first` to `most`, and is then
/// drawn from the upper half, so that thousands of clients cut off together do not return together.
///
/// The n-th wait after a reset (n = 0, 1 …) has the ceiling min(first * 2^n, most).
class backoff {
public:
  struct options {
    duration first = std::chrono::milliseconds{100};
    duration most = std::chrono::seconds{10};
  };

  explicit backoff(options chosen)
      : options_{chosen} {}

  /// The first wait after reset() is drawn from [0, first): a single short drop costs little.
  [[nodiscard]] duration next(chance& random);
  void reset() noexcept { ceiling_ = duration::zero(); }

private:
  options options_;
  duration ceiling_{}; // of the wait before; zero: none yet
};

} // namespace kodama
