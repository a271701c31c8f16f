#include "protocol/address.hpp"

#include "protocol/bytes.hpp"

#include <algorithm>

namespace kodama {
namespace {

constexpr std::size_t group_count = 8;

/// Where a mapped IPv4 address begins, after ten bytes of zero and two of ones (RFC 4291, 2.5.5.2).
constexpr std::size_t mapped_offset = 12;

bool is_mapped(const address& where) {
  const auto zeros_end = where.ip.begin() + 10;
  return std::all_of(where.ip.begin(), zeros_end, [](std::byte b) { return b == std::byte{0}; }) &&
         std::all_of(zeros_end, zeros_end + 2, [](std::byte b) { return b == std::byte{0xff}; });
}

std::string dotted_quad(const address& where) {
  std::string text;
  for (auto i = mapped_offset; i != where.ip.size(); ++i) {
    if (!text.empty())
      text += '.';
    text += std::to_string(std::to_integer<unsigned>(where.ip[i]));
  }
  return text;
}

void append_hex(std::string& text, std::uint16_t group) {
  constexpr char digits[] = "0123456789abcdef";
  bool leading = true;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = group >> shift & 15;
    leading = leading && digit == 0 && shift != 0;
    if (!leading)
      text += digits[digit];
  }
}

struct zero_run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

/// The first of the longest runs of zero groups; a single one is not worth "::" (RFC 5952, 4.2).
zero_run longest_zero_run(const std::array<std::uint16_t, group_count>& groups) {
  zero_run longest;
  zero_run current;
  for (std::size_t i = 0; i != group_count; ++i) {
    if (groups[i] != 0) {
      current = {};
      continue;
    }
    if (current.length++ == 0)
      current.begin = i;
    if (current.length > longest.length)
      longest = current;
  }
  return longest.length >= 2 ? longest : zero_run{};
}

std::string colon_hex(const address& where) {
  std::array<std::uint16_t, group_count> groups;
  for (std::size_t i = 0; i != group_count; ++i)
    groups[i] = load_big<std::uint16_t>(where.ip.data() + 2 * i);
  const auto run = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i != group_count;) {
    if (run.length != 0 && i == run.begin) {
      text += "::";
      i += run.length;
      continue;
    }
    if (!text.empty() && text.back() != ':')
      text += ':';
    append_hex(text, groups[i]);
    ++i;
  }
  return text;
}

} // namespace

std::string to_string(const address& where) {
  const auto host = is_mapped(where) ? dotted_quad(where) : '[' + colon_hex(where) + ']';
  return host + ':' + std::to_string(where.port);
}

address make_v4(std::uint32_t ip, std::uint16_t port) {
  address where;
  where.ip[10] = where.ip[11] = std::byte{0xff};
  store_big(where.ip.data() + mapped_offset, ip);
  where.port = port;
  return where;
}

} // namespace kodama
