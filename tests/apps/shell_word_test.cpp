#include "apps/shell_word.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace kodama::apps {
namespace {

TEST(ShellWord, IsAsItIsWhereThatIsEnough) {
  for (const auto* path :
       {"11", "keep/exactly-once-3-small.scenario", "/keep/été,a+b:c@d=%.scenario"})
    EXPECT_EQ(shell_word(path), path);
}

TEST(ShellWord, IsQuotedWhereTheShellWouldReadMore) {
  EXPECT_EQ(shell_word("my keep/x.scenario"), "'my keep/x.scenario'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("~/x"), "'~/x'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(ShellWord, IsNoOption) {
  EXPECT_EQ(shell_word("-x y"), "'./-x y'");
  EXPECT_EQ(shell_word("--html"), "./--html");
}

RC_GTEST_PROP(ShellWord, IsWhatAShellReads, ()) {
  const auto path = "x" + *rc::gen::container<std::string>(rc::gen::inRange(' ', '\x7f'));
  const auto command = "printf '%s' " + shell_word(path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> shell{::popen(command.c_str(), "r"),
                                                              ::pclose};
  RC_ASSERT(shell != nullptr);
  std::array<char, 1024> said{};
  const auto size = std::fread(said.data(), 1, said.size(), shell.get());
  RC_ASSERT(std::string(said.data(), size) == path);
}

} // namespace
} // namespace kodama::apps
