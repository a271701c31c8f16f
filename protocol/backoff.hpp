#pragma once

#include "protocol/chance.hpp"
#include "protocol/time.hpp"

namespace kodama {

/// How long to wait before the next attempt to connect: doubles from `first` to `most`, and is then
/// drawn from the upper half, so that thousands of clients cut off together do not return together.
class backoff {
public:
  struct options {
    duration first = std::chrono::milliseconds{100};
    duration most = std::chrono::seconds{10};
  };

  explicit backoff(options chosen) : options_{chosen}, next_{chosen.first} {}

  /// The first wait after reset() is drawn from [0, first): a single short drop costs little.
  [[nodiscard]] duration next(chance& random);
  void reset() noexcept { attempts_ = 0; }

private:
  options options_;
  duration next_;
  unsigned attempts_ = 0;
};

} // namespace kodama
