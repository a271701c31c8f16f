#pragma once

#include "sim/world.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kodama::sim {

/// How a run failed.
struct failure {
  std::string promise; ///< the broken one; or "crash", or "determinism"
  std::string text;

  /// What stays the same when the same mistake shows in another run: the promise, and the text
  /// without its numbers, names and lists. Failures of one shape are one finding.
  [[nodiscard]] std::string shape() const;
};

/// "user 3 (session 1/7) received 5 of "topic/0"" becomes "user N received N of T".
[[nodiscard]] std::string abstracted(std::string_view text);

/// The first broken promise, which is what a failed run is known by; empty when it passed.
[[nodiscard]] std::optional<failure> first_failure(const verdict& of);

} // namespace kodama::sim
