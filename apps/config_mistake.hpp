#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kodama::apps {

/// Where something stands in a configuration; a line of 0: in no line of its own.
struct config_place {
  std::string file; ///< empty: it came by a flag, or from several places
  std::size_t line = 0;
  std::string key;
};

/// What is wrong, what was expected, and a proposal where there is one.
struct config_mistake {
  config_place place;
  std::string what;
};

using config_mistakes = std::vector<config_mistake>;

/// In the order of the file's lines; what stands in none of its own comes last.
void sort_by_line(config_mistakes& mistakes);

/// "kodama.toml:2: limits.sections_max: expected a whole number from 16 to 1024"
[[nodiscard]] std::string to_string(const config_mistake& mistake);

} // namespace kodama::apps
