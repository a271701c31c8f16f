#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace kodama {

using bytes = std::vector<std::byte>;
using byte_view = std::span<const std::byte>;

[[nodiscard]] inline byte_view as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span{text.data(), text.size()});
}

[[nodiscard]] inline std::string_view as_text(byte_view view) noexcept {
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}

template <std::unsigned_integral Number>
[[nodiscard]] constexpr Number to_big_endian(Number value) noexcept {
  static_assert(std::endian::native == std::endian::little, "port me: big-endian hosts");
  if constexpr (sizeof(Number) == 2)
    return __builtin_bswap16(value);
  else if constexpr (sizeof(Number) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

/// Reads a number in network byte order; the caller has checked that it is there.
template <std::unsigned_integral Number>
[[nodiscard]] Number load_big(const std::byte* from) noexcept {
  Number value;
  std::memcpy(&value, from, sizeof value);
  return to_big_endian(value);
}

template <std::unsigned_integral Number>
void store_big(std::byte* to, Number value) noexcept {
  value = to_big_endian(value);
  std::memcpy(to, &value, sizeof value);
}

/// Room for `size` more in one go. Unlike reserve(), it keeps a row of such calls linear.
inline void make_room(bytes& in, std::size_t size) {
  if (in.capacity() - in.size() < size)
    in.reserve(std::max(in.size() + size, 2 * in.capacity()));
}

inline void append(bytes& to, byte_view what) {
  to.insert(to.end(), what.begin(), what.end());
}

} // namespace kodama
