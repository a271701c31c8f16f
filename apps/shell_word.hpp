#pragma once

#include <string>
#include <string_view>

namespace kodama::apps {

/// A path as a person copies it into a POSIX shell, and as an option's or argument's value: as it
/// is, or in single quotes where the shell would take it for something else.
[[nodiscard]] std::string shell_word(std::string_view path);

} // namespace kodama::apps
