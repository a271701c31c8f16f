#pragma once

#include "protocol/chance.hpp"

namespace kodama {

/// Steele, Lea and Flood's SplitMix64: the same stream for the same seed, everywhere.
class test_chance : public chance {
public:
  explicit test_chance(std::uint64_t seed)
      : state_{seed} {}

  std::uint64_t next() override {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

private:
  std::uint64_t state_;
};

} // namespace kodama
