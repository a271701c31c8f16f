#include "actors/runtime/timer_queue.hpp"
#include "tests/bench/allocations.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace kodama::runtime {
namespace {

class silent_timer final : public timer {
  void fire() override {}
};

/// One timer of many is moved to another moment, as a session does with every keepalive.
void timer_queue_rearm(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  timer_queue queue;
  const auto all = std::make_unique<silent_timer[]>(count);
  std::uint64_t draw = 1;
  const auto next = [&] {
    draw = draw * 6364136223846793005u + 1442695040888963407u;
    return instant{std::chrono::microseconds{draw >> 40}};
  };
  for (std::size_t i = 0; i != count; ++i)
    all[i].arm(queue, next());
  std::size_t at = 0;
  const allocation_count counting{state};
  for (auto _ : state)
    all[at++ % count].arm(queue, next());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_queue_rearm)->Arg(100)->Arg(10'000)->Arg(1'000'000);

} // namespace
} // namespace kodama::runtime
