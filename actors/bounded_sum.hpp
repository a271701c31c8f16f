#pragma once

#include "protocol/assert.hpp"

#include <atomic>
#include <cstdint>

namespace kodama::actors {

/// What is taken of something limited, by whoever takes it on whatever thread (decision 0014).
///
/// `take` asks and counts in one step, so that two cannot both have the last one. A limit of 0 is
/// none: it is counted all the same.
class bounded_sum {
public:
  /// False, and nothing counted, where the sum would go beyond `most`.
  [[nodiscard]] bool take(std::uint64_t amount, std::uint64_t most) noexcept {
    auto seen = sum_.load();
    do {
      if (most != 0 && seen + amount > most)
        return false;
    } while (!sum_.compare_exchange_weak(seen, seen + amount));
    return true;
  }
  void give_back(std::uint64_t amount) noexcept { KODAMA_ASSERT(sum_.fetch_sub(amount) >= amount); }
  [[nodiscard]] std::uint64_t value() const noexcept { return sum_; }

private:
  std::atomic<std::uint64_t> sum_{0};
};

} // namespace kodama::actors
