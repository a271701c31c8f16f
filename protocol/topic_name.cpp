#include "protocol/topic_name.hpp"

#include "protocol/utf8.hpp"

#include <cstdint>

namespace kodama {
namespace {

constexpr bool is_forbidden(std::uint32_t code_point) noexcept {
  return code_point <= 0x1f || (code_point >= 0x7f && code_point <= 0x9f) || code_point == '+' ||
         code_point == '#';
}

} // namespace

result<void> check_topic_name(std::string_view name, std::size_t length_max) {
  // The length first: it bounds what the rest of the check may cost.
  if (name.size() > length_max)
    return errc::topic_too_long;
  if (name.empty() || name.front() == '$')
    return errc::invalid_topic;
  while (!name.empty()) {
    std::uint32_t code_point = 0;
    if (!take_code_point(name, code_point) || is_forbidden(code_point))
      return errc::invalid_topic;
  }
  return {};
}

} // namespace kodama
