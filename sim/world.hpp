#pragma once

#include "sim/checker.hpp"
#include "sim/faults.hpp"
#include "sim/scenario.hpp"
#include "sim/trace.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kodama::sim {

/// What came of one run.
struct verdict {
  std::vector<violation> violations; ///< by time; empty: every promise was kept
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0; ///< of the network and the clocks
  duration simulated{};
  fault_counters faults;                                       ///< how often each kind struck
  std::map<std::string, std::uint64_t, std::less<>> exercised; ///< by promise

  [[nodiscard]] bool passed() const noexcept { return violations.empty(); }
};

/// Runs a scenario from beginning to end, in a world of its own: the production actors, the
/// production client library, an invented network, a virtual clock.
///
/// The same scenario gives the same verdict and the same trace, in every process and on every
/// machine. `history` collects the trace; its caller says what to keep of it.
[[nodiscard]] verdict run(const scenario& what, trace& history);

} // namespace kodama::sim
