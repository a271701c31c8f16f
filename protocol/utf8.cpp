#include "protocol/utf8.hpp"

#include <cstddef>
#include <cstring>

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

constexpr bool is_printable(char letter) noexcept {
  return letter >= 0x20 && letter < 0x7f;
}

/// The same of eight letters: none has its top bit, none gets it by one more, and each still has it
/// when it is set and 0x20 taken away. Only 0xff + 1 reaches the next letter, and that one has
/// failed.
constexpr bool are_printable(std::uint64_t letters) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101, top = 0x80 * each;
  return ((letters | (letters + each)) & top) == 0 &&
         (((letters | top) - 0x20 * each) & top) == top;
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

std::string_view without_printable_front(std::string_view text) noexcept {
  std::uint64_t letters = 0;
  while (text.size() >= sizeof letters) {
    std::memcpy(&letters, text.data(), sizeof letters);
    if (!are_printable(letters))
      break;
    text.remove_prefix(sizeof letters);
  }
  while (!text.empty() && is_printable(text.front()))
    text.remove_prefix(1);
  return text;
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
