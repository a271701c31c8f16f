// A topic's name from a hostile peer. What is allowed breaks none of the rules that can be told
// from single bytes, and stays allowed in front of and behind another level.

#include "protocol/assert.hpp"
#include "protocol/topic_name.hpp"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kodama;
  constexpr std::size_t length_max = 64;
  const std::string name(data, data + size);
  const auto checked = check_topic_name(name, length_max);
  if (!checked) {
    KODAMA_ASSERT((checked.error() == errc::topic_too_long) == (size > length_max));
    KODAMA_ASSERT(size > length_max || checked.error() == errc::invalid_topic);
    return 0;
  }
  KODAMA_ASSERT(size >= 1 && size <= length_max && name.front() != '$');
  for (const auto byte : std::string_view{name}) {
    const auto value = static_cast<unsigned char>(byte);
    KODAMA_ASSERT(value >= 0x20 && value != 0x7f && value != '+' && value != '#');
    KODAMA_ASSERT(value != 0xc0 && value != 0xc1 && value <= 0xf4);
  }
  KODAMA_ASSERT(check_topic_name(name + '/' + name, 2 * length_max + 1).has_value());
  return 0;
}
