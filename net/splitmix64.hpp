#pragma once

#include "protocol/chance.hpp"

#include <cstdint>

namespace kodama::net {

/// A reproducible source of chance: splitmix64 (Steele, Lea and Flood, OOPSLA 2014). Eight bytes of
/// state, the same sequence with every compiler and library. Guessable, so never for keys or ids.
class splitmix64 final : public chance {
public:
  explicit splitmix64(std::uint64_t seed) noexcept
      : state_{seed} {}

  [[nodiscard]] std::uint64_t next() noexcept override {
    state_ += 0x9e3779b97f4a7c15;
    auto word = state_;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
  }

private:
  std::uint64_t state_;
};

} // namespace kodama::net
