#include "protocol/topic_name.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace kodama {
namespace {

constexpr bool is_forbidden(std::uint32_t code_point) noexcept {
  return code_point <= 0x1f || (code_point >= 0x7f && code_point <= 0x9f) || code_point == '+' ||
         code_point == '#';
}

/// Checked with every publish, and ASCII almost always: that part needs no decoding.
constexpr bool is_plain(char letter) noexcept {
  return letter >= 0x20 && letter < 0x7f && letter != '+' && letter != '#';
}

} // namespace

result<void> check_topic_name(std::string_view name, std::size_t length_max) {
  // The length first: it bounds what the rest of the check may cost.
  if (name.size() > length_max)
    return errc::topic_too_long;
  if (name.empty() || name.front() == '$')
    return errc::invalid_topic;
  name.remove_prefix(static_cast<std::size_t>(std::find_if_not(name.begin(), name.end(), is_plain) -
                                              name.begin()));
  while (!name.empty()) {
    std::uint32_t code_point = 0;
    if (!take_code_point(name, code_point) || is_forbidden(code_point))
      return errc::invalid_topic;
  }
  return {};
}

} // namespace kodama
