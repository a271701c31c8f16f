#pragma once

#include "apps/bench_delivery_check.hpp"
#include "apps/bench_process.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kodama::apps::bench {

/// What a run with messages has shown. The counts and costs are of the measured time alone, the
/// checks of everything that was sent.
struct traffic_outcome {
  duration measured{};
  std::uint64_t deliveries = 0;
  std::uint64_t published = 0;
  std::uint64_t reads = 0;
  std::optional<duration> server_cpu;
  duration own_cpu{};
  std::vector<std::uint32_t> latencies; ///< nanoseconds, ascending

  std::uint64_t expected = 0; ///< deliveries of the whole run
  std::uint64_t arrived = 0;
  delivery_faults faults;
  std::uint64_t missing = 0; ///< not delivered by the end, nothing later having come
  std::string failure;       ///< why the run broke off, or empty

  [[nodiscard]] double server_us_per_delivery() const {
    return server_cpu && deliveries != 0
               ? static_cast<double>(server_cpu->count()) / 1e3 / static_cast<double>(deliveries)
               : 0;
  }
  /// Everything that was promised has been kept. Without a guarantee loss is no fault.
  [[nodiscard]] bool correct(bool reliable) const {
    const auto wrong = faults.repeated + faults.disordered + faults.misdirected;
    return failure.empty() && wrong == 0 && deliveries != 0 &&
           (!reliable || faults.lost + missing == 0);
  }
};

struct idle_outcome {
  std::size_t connections = 0;
  duration connecting{};
  std::optional<duration> server_cpu;
  std::optional<memory_use> before;
  std::optional<memory_use> after;
  std::string failure;
};

} // namespace kodama::apps::bench
