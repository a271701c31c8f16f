#include "net/system_world.hpp"

#include "protocol/assert.hpp"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
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
  const std::shared_lock lock{mutex_};
  if (tokens_.empty())
    return 1;
  std::size_t holder = 0;
  for (const auto& each : tokens_) {
    // Compared in full and in constant time, so that the answer's delay tells nothing.
    if (each.token.size() == token.size() &&
        CRYPTO_memcmp(each.token.data(), token.data(), token.size()) == 0)
      holder = each.holder;
  }
  return holder;
}

void token_list::replace(const std::vector<std::string>& tokens) {
  const std::unique_lock lock{mutex_};
  const auto find = [](std::vector<known>& among, const std::string& token) {
    return std::find_if(among.begin(), among.end(),
                        [&](const known& each) { return each.token == token; });
  };
  std::vector<known> next;
  for (const auto& token : tokens) {
    if (find(next, token) != next.end())
      continue; // written twice
    const auto before = find(tokens_, token);
    next.push_back({token, before != tokens_.end() ? before->holder : ++last_holder_});
  }
  KODAMA_ASSERT(last_holder_ == 0 || !next.empty());
  tokens_ = std::move(next);
}

} // namespace kodama::net
