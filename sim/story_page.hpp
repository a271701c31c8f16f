#pragma once

#include "sim/story.hpp"

#include <string>
#include <string_view>

namespace kodama::sim {

/// A story as one self-contained page: hosts as lanes, messages as arrows, faults as bands, session
/// states as bars. Loads nothing from anywhere, and every text in it is escaped.
[[nodiscard]] std::string story_page(const run_story& told);

/// What the page shows, as JSON. It contains no '<', and so may stand in a script element.
[[nodiscard]] std::string story_data(const run_story& told);

/// sim/page/story.*, which the build has put into the program.
namespace page {
extern const std::string_view html;
extern const std::string_view css;
extern const std::string_view js;
} // namespace page

} // namespace kodama::sim
