#include "sim/scenario.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::sim {
namespace {

RC_GTEST_PROP(ScenarioText, ReadsWhatItWrote, ()) {
  const auto what = scenario::draw(*rc::gen::arbitrary<std::uint64_t>(), fault_profile::swarm);
  const auto read = parse_scenario(to_text(what));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == what);
}

RC_GTEST_PROP(ScenarioText, SurvivesEveryTruncation, ()) {
  auto text = to_text(scenario::draw(*rc::gen::arbitrary<std::uint64_t>(), fault_profile::swarm));
  text.resize(*rc::gen::inRange<std::size_t>(0, text.size()));
  const auto read = parse_scenario(text);
  if (!read)
    RC_ASSERT(read.error().line >= 1);
}

struct bad_file {
  std::string text;
  std::size_t line;
  std::size_t column;
  std::string expected;
};

TEST(ScenarioText, SaysWhereAndWhatWasExpected) {
  const bad_file files[] = {
      {"", 1, 1, "\"kodama scenario 1\""},
      {"kodama scenario 2\n", 1, 1, "\"kodama scenario 1\""},
      {"kodama scenario 1\nseed x\n", 2, 6, "a whole number"},
      {"kodama scenario 1\n\n# a comment\nkeepalive 5\n", 4, 11, "a duration ending in ns"},
      {"kodama scenario 1\nudp maybe\n", 2, 5, "yes or no"},
      {"kodama scenario 1\ncolour red\n", 2, 1,
       "a fact of a scenario (docs/simulation.md lists them)"},
      {"kodama scenario 1\ndo 1ns user 0 jump\n", 2, 15, "an operation"},
      {"kodama scenario 1\nstrike 1ns meteor host 1\n", 2, 12, "a kind of fault"},
      {"kodama scenario 1\nusers 3 4\n", 2, 9, "the end of the line"},
  };
  for (const auto& file : files) {
    const auto read = parse_scenario(file.text);
    ASSERT_FALSE(read.has_value()) << file.text;
    EXPECT_EQ(read.error().line, file.line) << file.text;
    EXPECT_EQ(read.error().column, file.column) << file.text;
    EXPECT_EQ(read.error().expected, file.expected) << file.text;
  }
}

} // namespace
} // namespace kodama::sim
