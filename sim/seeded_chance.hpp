#pragma once

#include "protocol/chance.hpp"
#include "sim/event_queue.hpp"
#include "sim/timed_draws.hpp"

namespace kodama::sim {

/// The chance that production objects are handed inside the simulator.
class seeded_chance final : public chance {
public:
  seeded_chance(decision_stream stream, const event_queue& queue)
      : draws_{stream}
      , queue_{queue} {}

  [[nodiscard]] std::uint64_t next() override { return draws_.next(queue_.now()); }

private:
  timed_draws draws_;
  const event_queue& queue_;
};

} // namespace kodama::sim
