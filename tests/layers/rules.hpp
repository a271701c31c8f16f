#pragma once

#include <cstddef>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::layers {

/// A place that breaks a rule of the house.
struct violation {
  std::string path;
  std::size_t line = 0; ///< 0: the whole file
  std::string what;
};

/// "protocol/tlv.cpp:12: what"
std::ostream& operator<<(std::ostream& out, const violation& found);

using violations = std::vector<violation>;

// Paths are relative to the top of the tree, with '/' between their parts: "protocol/tlv.cpp".

/// Every arrow of docs/architecture.md: which rooms and which libraries a file may include. A C++
/// file in a folder that is no room breaks it, too, so that a new room has to be given its arrows.
[[nodiscard]] violations check_includes(std::string_view path, std::string_view content);

/// Where the simulator stands in for the world nothing may reach past it: no clock, chance, thread,
/// sleep or environment of the machine, and no order that depends on addresses or on std::hash.
[[nodiscard]] violations check_words(std::string_view path, std::string_view content);

/// Any text file: nothing left for later, no path of one machine, C++ of at most 400 lines.
[[nodiscard]] violations check_text(std::string_view path, std::string_view content);

/// tests/ROOM/NAME_test.cpp tests ROOM/NAME.cpp or .hpp (or a tool of the tests that lies beside
/// it), so that every address can be guessed.
[[nodiscard]] violations check_test_names(const std::set<std::string, std::less<>>& paths);

} // namespace kodama::layers
