#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <span>

namespace kodama::net {

/// Where a connection reads to when the read needs a place before there is anything to be read:
/// small while little comes, larger where much does.
class read_buffer {
public:
  [[nodiscard]] std::span<std::byte> prepare() {
    if (space_.size() != size_) {
      space_ = {}; // so that a smaller one is smaller
      space_.resize(size_);
    }
    return space_;
  }

  /// What a read has brought.
  [[nodiscard]] byte_view take(std::size_t count) noexcept {
    if (count == space_.size() && size_ < most)
      size_ *= 2;
    else if (count < space_.size() / 8 && size_ > least)
      size_ /= 2;
    return byte_view{space_}.first(count);
  }

private:
  static constexpr std::size_t least = 1024;
  static constexpr std::size_t most = 32 * 1024;

  bytes space_;
  std::size_t size_ = least;
};

} // namespace kodama::net
