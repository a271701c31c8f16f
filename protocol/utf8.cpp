#include "protocol/utf8.hpp"

#include <cstddef>

namespace kodama {
namespace {

/// The lead byte's share of a sequence of 2, 3 or 4 bytes, and what the whole must at least encode:
/// less would be an overlong form (RFC 3629, 3), by which the same name had several spellings.
struct lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t code_point_min;
};

constexpr lead classify(unsigned char byte) noexcept {
  if (byte < 0x80)
    return {1, byte, 0};
  if ((byte & 0xe0) == 0xc0)
    return {2, byte & 0x1fU, 0x80};
  if ((byte & 0xf0) == 0xe0)
    return {3, byte & 0x0fU, 0x800};
  if ((byte & 0xf8) == 0xf0)
    return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

} // namespace

bool take_code_point(std::string_view& text, std::uint32_t& code_point) noexcept {
  const auto [length, bits, code_point_min] = classify(static_cast<unsigned char>(text.front()));
  if (length == 0 || length > text.size())
    return false;
  code_point = bits;
  for (std::size_t i = 1; i != length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80)
      return false;
    code_point = code_point << 6 | (byte & 0x3fU);
  }
  text.remove_prefix(length);
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  return code_point >= code_point_min && code_point <= 0x10ffff && !surrogate;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    std::uint32_t code_point = 0;
    if (!take_code_point(text, code_point))
      return false;
  }
  return true;
}

} // namespace kodama
