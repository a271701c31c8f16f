#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kodama {

/// A source of chance, handed to whoever needs some: the operating system's in production, a
/// seeded stream in the simulator. Session ids and datagram keys rely on it being unguessable
/// there.
class chance {
public:
  virtual ~chance() = default;

  [[nodiscard]] virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); `bound` is at least 1. The bias of at most bound / 2^64 is accepted.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
    __extension__ using wide = unsigned __int128; // not ISO C++, and -Wpedantic says so
    return static_cast<std::uint64_t>((static_cast<wide>(next()) * bound) >> 64);
  }

  void fill(std::span<std::byte> to) {
    for (std::size_t i = 0; i < to.size();) {
      auto word = next();
      for (std::size_t k = 0; k != 8 && i < to.size(); ++k, ++i, word >>= 8)
        to[i] = static_cast<std::byte>(word & 0xff);
    }
  }
};

} // namespace kodama
