// The rules of the house, applied to the whole house.

#include "tests/layers/rules.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace kodama::layers {
namespace {

namespace fs = std::filesystem;

bool is_ours(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name == ".ci" || (!name.starts_with('.') && name != "build" && name != "node_modules");
}

std::string content_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Every text file by its path from the top. The folders are walked rather than git asked, so that
/// a tree from an archive can be tested as well.
const std::map<std::string, std::string>& tree() {
  static const auto all = [] {
    std::map<std::string, std::string> files;
    const auto top = fs::path{KODAMA_TEST_DATA}.parent_path();
    for (fs::recursive_directory_iterator at{top}, end; at != end; ++at) {
      if (at->is_directory() && !is_ours(at->path()))
        at.disable_recursion_pending();
      if (!at->is_regular_file() || at->path().filename() == ".git") // a file in a second work tree
        continue;
      if (auto content = content_of(at->path()); content.find('\0') == std::string::npos)
        files.emplace(fs::relative(at->path(), top).generic_string(), std::move(content));
    }
    return files;
  }();
  return all;
}

std::string listed(const violations& all) {
  std::ostringstream out;
  for (const auto& each : all)
    out << '\n' << each;
  return out.str();
}

violations over_cpp(violations (*rule)(std::string_view, std::string_view)) {
  violations all;
  for (const auto& [path, content] : tree())
    if (path.ends_with(".cpp") || path.ends_with(".hpp"))
      for (auto& each : rule(path, content))
        all.push_back(std::move(each));
  return all;
}

TEST(Tree, IsReallyRead) {
  EXPECT_GT(tree().size(), 200U);
  for (const auto* path : {"dev", ".ci/run", "protocol/tlv.cpp", "tests/layers/tree_test.cpp"})
    EXPECT_TRUE(tree().contains(path)) << path;
}

TEST(Tree, FollowsTheArrows) {
  EXPECT_EQ(listed(over_cpp(check_includes)), "");
}

TEST(Tree, TouchesTheMachineOnlyAtItsEdge) {
  EXPECT_EQ(listed(over_cpp(check_words)), "");
}

TEST(Tree, HasNoTextThatShouldNotStay) {
  violations all;
  for (const auto& [path, content] : tree())
    for (auto& each : check_text(path, content))
      all.push_back(std::move(each));
  EXPECT_EQ(listed(all), "");
}

TEST(Tree, HasItsTestsAtGuessableAddresses) {
  std::set<std::string, std::less<>> paths;
  for (const auto& [path, content] : tree())
    paths.insert(path);
  EXPECT_EQ(listed(check_test_names(paths)), "");
}

} // namespace
} // namespace kodama::layers
