#include "net/system_world.hpp"

#include "protocol/assert.hpp"

#include <sys/random.h>

#include <array>
#include <chrono>
#include <utility>

namespace kodama::net {

std::uint64_t system_clock::unix_micros() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

std::uint64_t system_chance::next() {
  thread_local std::array<std::uint64_t, 32> words;
  thread_local std::size_t used = words.size();
  if (used == words.size()) {
    // Up to 256 bytes are never interrupted and never short (getrandom(2)).
    const auto count = ::getrandom(words.data(), sizeof words, 0);
    KODAMA_ASSERT(count == static_cast<ssize_t>(sizeof words));
    used = 0;
  }
  return std::exchange(words[used++], 0);
}

} // namespace kodama::net
