#include "apps/config_mistake.hpp"

#include <algorithm>

namespace kodama::apps {

void sort_by_line(config_mistakes& mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const auto& one, const auto& other) {
    // A line of 0 becomes the highest number.
    return one.place.line - 1 < other.place.line - 1;
  });
}

std::string to_string(const config_mistake& mistake) {
  const auto& [file, line, key] = mistake.place;
  std::string text = file;
  if (line != 0)
    text += ":" + std::to_string(line);
  if (!text.empty())
    text += ": ";
  if (!key.empty())
    text += key + ": ";
  return text + mistake.what;
}

} // namespace kodama::apps
