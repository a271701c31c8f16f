#pragma once

#include "protocol/time.hpp"

#include <algorithm>
#include <optional>

namespace kodama::sim::checkers {

/// By when something has to be over: the bound of `liveness`, which counts from the moment at which
/// the world healed for whatever began before.
class deadline {
public:
  explicit deadline(duration bound)
      : bound_{bound} {}

  void handle_healed(instant now) { healed_ = now; }

  /// Asked at the end of a run: whether what began at `since` and still lasts lasts too long. Of a
  /// run that ended before the bound was up nothing can be said.
  [[nodiscard]] bool passed(instant since, instant end) const {
    return since + bound_ < end && (!healed_ || *healed_ + bound_ <= end);
  }

  /// Whether what began at `since` and is over `now` lasted too long. Before the world has healed
  /// nothing is late.
  [[nodiscard]] bool late(instant since, instant now) const {
    return healed_ && std::max(since, *healed_) + bound_ < now;
  }

  [[nodiscard]] duration bound() const noexcept { return bound_; }

private:
  duration bound_;
  std::optional<instant> healed_;
};

} // namespace kodama::sim::checkers
