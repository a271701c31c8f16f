#include "protocol/topic_name.hpp"

#include "protocol/mqtt/topic_tree.hpp"
#include "protocol/utf8.hpp"

#include <cstdint>

namespace kodama {
namespace {

constexpr bool is_control(std::uint32_t code_point) noexcept {
  return code_point <= 0x1f || (code_point >= 0x7f && code_point <= 0x9f);
}

/// All but the wildcards.
result<void> check_text(std::string_view name, std::size_t length_max) {
  // The length first: it bounds what the rest of the check may cost.
  if (name.size() > length_max)
    return errc::topic_too_long;
  if (name.empty() || name.front() == '$')
    return errc::invalid_topic;
  name = without_printable_front(name);
  while (!name.empty()) {
    std::uint32_t code_point = 0;
    if (!take_code_point(name, code_point) || is_control(code_point))
      return errc::invalid_topic;
  }
  return {};
}

} // namespace

result<void> check_topic_name(std::string_view name, std::size_t length_max) {
  if (const auto valid = check_text(name, length_max); !valid)
    return valid;
  if (mqtt::has_wildcard(name))
    return errc::invalid_topic;
  return {};
}

result<void> check_topic_filter(std::string_view filter, std::size_t length_max) {
  if (const auto valid = check_text(filter, length_max); !valid)
    return valid;
  if (mqtt::has_wildcard(filter) &&
      (!mqtt::parse_topic_filter(filter, mqtt::protocol_version::v5) ||
       !mqtt::topic_tree<int>::fits(filter)))
    return errc::invalid_topic;
  return {};
}

} // namespace kodama
