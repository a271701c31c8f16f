#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::layers {

/// An identifier, a number, `::`, or one other character.
struct token {
  std::string_view text;
  std::size_t line = 0; ///< counted from 1
};

struct include_line {
  std::string_view path;
  bool angled = false; ///< <path> rather than "path"
  std::size_t line = 0;
};

/// What a rule looks at: C++ without its comments and literals, in which nothing is ever used.
struct source {
  std::vector<token> tokens;
  std::vector<include_line> includes;
};

/// Reads well-formed C++; of anything else it makes something, without failing. The result borrows
/// from `content`.
[[nodiscard]] source read_source(std::string_view content);

} // namespace kodama::layers
