#include "protocol/ids.hpp"

namespace kodama {

std::string to_short_string(const session_id& id) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i != 4; ++i) {
    const auto byte = std::to_integer<unsigned>(id.value[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

} // namespace kodama
