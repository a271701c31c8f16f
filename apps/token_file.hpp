#pragma once

#include "apps/units.hpp"

#include <string>
#include <vector>

namespace kodama::apps {

/// One token a line; empty lines and lines that begin with '#' do not count, nor does a carriage
/// return before a line's end. A refusal names file and line, and never the token.
[[nodiscard]] parsed<std::vector<std::string>> read_tokens(const std::string& path);

} // namespace kodama::apps
