#include "apps/shell_word.hpp"

#include <algorithm>

namespace kodama::apps {
namespace {

/// Letters of other scripts mean nothing to a shell.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view{"_-./+,:@%="}.find(c) != std::string_view::npos;
}

} // namespace

std::string shell_word(std::string_view path) {
  std::string word{path.starts_with('-') ? "./" : ""}; // no option
  word += path;
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain))
    return word;
  std::string quoted{'\''};
  for (const char c : word)
    quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + '\'';
}

} // namespace kodama::apps
