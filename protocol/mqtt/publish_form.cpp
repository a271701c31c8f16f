#include "protocol/mqtt/publish_form.hpp"

#include <charconv>
#include <cstdio>

namespace kodama::mqtt {
namespace {

constexpr std::string_view prefix = "kodama/";
constexpr std::size_t digits = 4;

} // namespace

std::string to_content_type(std::uint16_t user_section) {
  char text[prefix.size() + digits + 1];
  std::snprintf(text, sizeof text, "kodama/%04x", static_cast<unsigned>(user_section));
  return text;
}

std::uint16_t to_user_section(std::string_view content_type) noexcept {
  if (content_type.size() != prefix.size() + digits || !content_type.starts_with(prefix))
    return user_section_first;
  const auto number = content_type.substr(prefix.size());
  std::uint16_t value = 0;
  const auto read = std::from_chars(number.data(), number.data() + digits, value, 16);
  const bool is_whole = read.ec == std::errc{} && read.ptr == number.data() + digits;
  return is_whole && value >= user_section_first ? value : user_section_first;
}

publish_form to_publish_form(const publish& what, instant expires) {
  return {what, expires, to_user_section(what.properties.content_type.value_or(""))};
}

publish_form to_publish_form(const message::publish& what) {
  publish said;
  said.topic = what.topic;
  said.payload = what.content;
  std::string type;
  if (what.content_type != user_section_first) {
    type = to_content_type(what.content_type);
    said.properties.content_type = type;
  }
  return {said, never, what.content_type};
}

message::publish to_native(const publish_form& what) {
  message::publish out;
  out.topic = what.image.topic();
  out.content_type = what.user_section;
  out.content = what.image.payload();
  return out;
}

} // namespace kodama::mqtt
