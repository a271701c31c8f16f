#include "tests/layers/rules.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace kodama::layers {
namespace {

TEST(Texts, NothingIsLeftForLater) {
  EXPECT_FALSE(check_text("dev", "# TO"
                                 "DO: this\n")
                   .empty());
  EXPECT_FALSE(check_text("net/x.cpp", "// FIX"
                                       "ME(me)")
                   .empty());
  EXPECT_TRUE(check_text("net/x.cpp", "void TO"
                                      "DOS();\n")
                  .empty());
}

TEST(Texts, NoPathOfOneMachine) {
  for (const auto* line : {"cd /wo"
                           "rk/main",
                           "open(\"/ro"
                           "ot/x\")",
                           "/ho"
                           "me/me/x",
                           "-I /tm"
                           "p/x/include",
                           "x=/tm"
                           "p/y"})
    EXPECT_EQ(check_text("docs/x.md", line).size(), 1U) << line;
  for (const auto* line : {"$top/tm"
                           "p/x",
                           "src/wo"
                           "rk/x",
                           "${dir}/tm"
                           "p/x",
                           "../ro"
                           "ot/x"})
    EXPECT_TRUE(check_text("docs/x.md", line).empty()) << line;
}

TEST(Texts, AFileIsOneIdea) {
  std::string text;
  for (int line = 0; line != 400; ++line)
    text += "\n";
  EXPECT_TRUE(check_text("net/x.cpp", text).empty());
  EXPECT_TRUE(check_text("docs/x.md", text + "\n").empty());
  EXPECT_EQ(check_text("net/x.cpp", text + "\n").size(), 1U);
  EXPECT_EQ(check_text("tests/net/x_test.cpp", text + "end").size(), 1U);
}

TEST(Texts, ATestIsNamedAfterWhatItTests) {
  EXPECT_TRUE(check_test_names({"tests/net/x_test.cpp", "net/x.cpp"}).empty());
  EXPECT_TRUE(check_test_names({"tests/net/x_test.cpp", "net/x.hpp"}).empty());
  EXPECT_TRUE(check_test_names({"tests/net/x_test.cpp", "tests/net/x.hpp"}).empty());
  EXPECT_TRUE(check_test_names({"tests/net/x_test.cpp", "tests/net/x/one.txt"}).empty());
  EXPECT_TRUE(check_test_names({"tests/net/loopback.hpp"}).empty());
  EXPECT_EQ(check_test_names({"tests/net/x_test.cpp", "net/xy.cpp"}).size(), 1U);
  EXPECT_EQ(check_test_names({"tests/net/x_test.cpp", "sim/x.cpp"}).size(), 1U);
}

TEST(Texts, AViolationReadsLikeACompilersMessage) {
  std::ostringstream out;
  out << violation{"net/x.cpp", 3, "sleeps"} << '|' << violation{"net/x.cpp", 0, "too long"};
  EXPECT_EQ(out.str(), "net/x.cpp:3: sleeps|net/x.cpp: too long");
}

} // namespace
} // namespace kodama::layers
