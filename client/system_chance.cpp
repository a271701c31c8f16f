#include "client/system_chance.hpp"

#include "protocol/assert.hpp"

#include <sys/random.h>
#include <utility>

namespace kodama {

std::uint64_t system_chance::next() {
  if (used_ == fetched_.size()) {
    // Up to 256 bytes always come whole (getrandom(2)).
    const auto size = getrandom(fetched_.data(), sizeof fetched_, 0);
    KODAMA_ASSERT(size == static_cast<ssize_t>(sizeof fetched_));
    used_ = 0;
  }
  return std::exchange(fetched_[used_++], 0); // a key's material is not left lying about
}

} // namespace kodama
