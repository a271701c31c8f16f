#include "tests/layers/rules.hpp"

#include <algorithm>
#include <ostream>

namespace kodama::layers {
namespace {

/// More than one screen of contents is more than one idea.
constexpr std::size_t lines_max = 400;

struct exception {
  std::string_view path, reason;
};

constexpr exception long_files[] = {
    {"tests/protocol/client_connection_test.cpp", "one claim after the other about one class"},
    {"tests/sim/tcp_network_test.cpp", "one claim after the other about one class"},
};

constexpr exception tests_without_a_file[] = {
    {"tests/protocol/lossy_connection_test.cpp",
     "both windows together, over a network that loses"},
    {"tests/layers/tree_test.cpp", "the rules beside it, applied to every file there is"},
};

// In two halves, for this file is read as well.
constexpr std::string_view left_for_later[] = {"TO"
                                               "DO",
                                               "FIX"
                                               "ME"};
constexpr std::string_view machine_folders[] = {"/wo"
                                                "rk/",
                                                "/ro"
                                                "ot/",
                                                "/ho"
                                                "me/",
                                                "/tm"
                                                "p/"};

template <std::size_t Size>
bool is_listed(const exception (&list)[Size], std::string_view path) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](const exception& each) { return each.path == path; });
}

bool is_cpp(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".hpp");
}

bool is_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
         (letter >= '0' && letter <= '9');
}

bool has_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_letter(line[at - 1])) && (end == line.size() || !is_letter(line[end])))
      return true;
  }
  return false;
}

/// An absolute path begins with this folder: "src/x" and "$top/x" are relative to something.
bool has_folder(std::string_view line, std::string_view folder) {
  constexpr std::string_view joints = "}.*)";
  for (auto at = line.find(folder); at != std::string_view::npos; at = line.find(folder, at + 1))
    if (at == 0 || (!is_letter(line[at - 1]) && joints.find(line[at - 1]) == joints.npos))
      return true;
  return false;
}

bool exists(const std::set<std::string, std::less<>>& paths, const std::string& stem) {
  const auto folder = paths.lower_bound(stem + '/');
  return paths.contains(stem + ".cpp") || paths.contains(stem + ".hpp") ||
         (folder != paths.end() && folder->starts_with(stem + '/'));
}

} // namespace

std::ostream& operator<<(std::ostream& out, const violation& found) {
  out << found.path;
  if (found.line != 0)
    out << ':' << found.line;
  return out << ": " << found.what;
}

violations check_text(std::string_view path, std::string_view content) {
  violations found;
  const auto add = [&](std::size_t line, std::string what) {
    found.push_back({std::string{path}, line, std::move(what)});
  };
  std::size_t number = 0;
  while (!content.empty()) {
    ++number;
    const auto end = content.find('\n');
    const auto line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    for (const auto& word : left_for_later)
      if (has_word(line, word))
        add(number, "left for later: " + std::string{word});
    for (const auto& folder : machine_folders)
      if (has_folder(line, folder))
        add(number, "a path of one machine: " + std::string{folder});
  }
  if (is_cpp(path) && number > lines_max && !is_listed(long_files, path))
    add(0, std::to_string(number) + " lines; more than " + std::to_string(lines_max) +
               " are two ideas");
  return found;
}

violations check_test_names(const std::set<std::string, std::less<>>& paths) {
  constexpr std::string_view folder = "tests/", ending = "_test.cpp";
  violations found;
  for (const auto& path : paths) {
    if (!path.starts_with(folder) || !path.ends_with(ending) ||
        is_listed(tests_without_a_file, path))
      continue;
    const auto beside = path.substr(0, path.size() - ending.size());
    if (!exists(paths, beside) && !exists(paths, beside.substr(folder.size())))
      found.push_back({path, 0, "tests a file that is not there"});
  }
  return found;
}

} // namespace kodama::layers
