#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace kodama {

/// Calls of operator new in this process until now, but for over-aligned ones; always 0 under
/// g++'s sanitizers, which have their own.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// Notes in a benchmark, under "allocations", how many there were for each message.
///
///     allocation_count counting{state, messages_per_iteration};
///     for (auto _ : state) …
class allocation_count {
public:
  explicit allocation_count(benchmark::State& state, double messages_per_iteration = 1)
      : state_{state}
      , per_iteration_{messages_per_iteration}
      , before_{allocations()} {}
  allocation_count(const allocation_count&) = delete;
  allocation_count& operator=(const allocation_count&) = delete;
  ~allocation_count() {
    state_.counters["allocations"] =
        benchmark::Counter{static_cast<double>(allocations() - before_) / per_iteration_,
                           benchmark::Counter::kAvgIterations};
  }

private:
  benchmark::State& state_;
  double per_iteration_;
  std::uint64_t before_;
};

} // namespace kodama
