#pragma once

#include "sim/event_queue.hpp"
#include "sim/faults.hpp"
#include "sim/trace.hpp"

#include <cstdint>

namespace kodama::sim {

/// What all parts of one run share. The world owns the referents; they outlive every part.
struct context {
  event_queue& queue;
  trace& history;
  fault_counters& faults;
  std::uint64_t seed;
  fault_plan plan;
};

} // namespace kodama::sim
