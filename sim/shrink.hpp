#pragma once

#include "sim/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace kodama::sim {

/// Who knows whether a scenario fails in the way that matters. It runs them: here or in processes
/// of their own, one by one or several at once.
class shrink_oracle {
public:
  virtual ~shrink_oracle() = default;

  /// The index of the first one that fails in that way; empty when none does, or when time was up
  /// before that was known.
  [[nodiscard]] virtual std::optional<std::size_t>
  first_failing(std::span<const scenario> candidates) = 0;
  /// Asked before each candidate is made: false once there is no more time.
  [[nodiscard]] virtual bool may_go_on() = 0;
  /// Something smaller was found.
  virtual void on_smaller(const scenario& found, std::uint64_t tried) = 0;
};

struct shrunk {
  scenario smallest;
  std::uint64_t tried = 0; ///< scenarios that the oracle was asked about
  bool is_done = false;    ///< nothing simpler fails, as far as the shrinker's ideas go
};

/// Makes a failing scenario as simple as it gets while it still fails: leaves things out, the
/// largest groups of them first (delta debugging: Zeller and Hildebrandt, 2002), then makes what is
/// left smaller. `failing` itself is taken to fail.
///
/// The result depends on nothing but the scenario and the oracle's answers.
[[nodiscard]] shrunk shrink(const scenario& failing, shrink_oracle& oracle);

} // namespace kodama::sim
