#include "apps/config_mistake.hpp"

namespace kodama::apps {

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
