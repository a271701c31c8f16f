#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>
#include <string>

namespace kodama::mqtt {
namespace {

constexpr std::string_view share_prefix = "$share/";

error invalid(std::string text) {
  return {reason_code::topic_filter_invalid, std::move(text)};
}

outcome<void> check_wildcards(std::string_view filter, protocol_version version) {
  const bool v5 = version == protocol_version::v5;
  if (filter.empty())
    return invalid("is empty [MQTT-4.7.3-1]");
  for (bool more = true; more;) {
    std::string_view level;
    more = take_level(filter, level);
    if (level.find('#') != std::string_view::npos && (level.size() > 1 || more))
      return invalid(std::string{more ? "has '#' before its last level "
                                      : "has '#' beside other characters of its level "} +
                     (v5 ? "[MQTT-4.7.1-1]" : "[MQTT-4.7.1-2]"));
    if (level.find('+') != std::string_view::npos && level.size() > 1)
      return invalid(std::string{"has '+' beside other characters of its level "} +
                     (v5 ? "[MQTT-4.7.1-2]" : "[MQTT-4.7.1-3]"));
  }
  return {};
}

} // namespace

bool has_wildcard(std::string_view text) noexcept {
  return text.find('+') != text.npos || text.find('#') != text.npos;
}

std::size_t level_count(std::string_view text) noexcept {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '/'));
}

bool take_level(std::string_view& rest, std::string_view& level) noexcept {
  const auto end = rest.find('/');
  level = rest.substr(0, end);
  if (end == std::string_view::npos) {
    rest = {};
    return false;
  }
  rest.remove_prefix(end + 1);
  return true;
}

outcome<topic_filter> parse_topic_filter(std::string_view text, protocol_version version) {
  topic_filter parts{{}, text};
  if (version == protocol_version::v5 && text.starts_with(share_prefix)) {
    parts.filter.remove_prefix(share_prefix.size());
    const bool followed = take_level(parts.filter, parts.share_name);
    if (parts.share_name.empty())
      return invalid("has an empty share name [MQTT-4.8.2-1]");
    if (has_wildcard(parts.share_name))
      return invalid("has a wildcard in its share name [MQTT-4.8.2-2]");
    if (!followed || parts.filter.empty())
      return invalid("has no filter after its share name [MQTT-4.8.2-2]");
  }
  if (auto checked = check_wildcards(parts.filter, version); !checked)
    return checked.error();
  return parts;
}

bool matches(std::string_view filter, std::string_view topic) noexcept {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')))
    return false;
  for (bool more_topic = true;;) {
    std::string_view wanted, level;
    const bool more_filter = take_level(filter, wanted);
    if (wanted == "#")
      return true;
    more_topic = take_level(topic, level);
    if (wanted != "+" && wanted != level)
      return false;
    if (!more_topic)
      return !more_filter || filter == "#";
    if (!more_filter)
      return false;
  }
}

std::string_view literal_prefix(std::string_view filter) noexcept {
  const auto wildcard = filter.find_first_of("+#");
  if (wildcard == std::string_view::npos)
    return filter;
  return filter.substr(0, wildcard > 0 ? wildcard - 1 : 0);
}

bool covers(std::string_view allowed, std::string_view asked) noexcept {
  if (asked.starts_with('$') && (allowed.starts_with('+') || allowed.starts_with('#')))
    return false;
  for (;;) {
    std::string_view permitted, wanted;
    const bool more_allowed = take_level(allowed, permitted);
    if (permitted == "#")
      return true;
    const bool more_asked = take_level(asked, wanted);
    if (wanted == "#" || (permitted != "+" && permitted != wanted))
      return false;
    if (!more_asked)
      return !more_allowed || allowed == "#";
    if (!more_allowed)
      return false;
  }
}

} // namespace kodama::mqtt
