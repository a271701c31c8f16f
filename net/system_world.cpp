#include "net/system_world.hpp"

#include "protocol/assert.hpp"

#include <openssl/crypto.h>
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

std::size_t token_list::identify(std::string_view token) const {
  if (tokens_.empty())
    return 1;
  std::size_t holder = 0;
  for (std::size_t i = 0; i != tokens_.size(); ++i) {
    // Compared in full and in constant time, so that the answer's delay tells nothing.
    const auto& known = tokens_[i];
    if (known.size() == token.size() &&
        CRYPTO_memcmp(known.data(), token.data(), token.size()) == 0)
      holder = i + 1;
  }
  return holder;
}

} // namespace kodama::net
