#include "tests/layers/source.hpp"

#include <gtest/gtest.h>

namespace kodama::layers {
namespace {

std::string words(std::string_view content) {
  std::string all;
  for (const auto& each : read_source(content).tokens)
    all += std::string{each.text} + ' ';
  return all;
}

TEST(Source, HasTheWordsOfTheCode) {
  EXPECT_EQ(words("auto x = std::time(0);"), "auto x = std :: time ( 0 ) ; ");
}

TEST(Source, HasNoComments) {
  EXPECT_EQ(words("a // b\nc /* d\n e */ f"), "a c f ");
  EXPECT_EQ(words("a // b"), "a ");
  EXPECT_EQ(words("a /* b"), "a ");
}

TEST(Source, HasNoLiterals) {
  EXPECT_EQ(words(R"(f("a\"b", 'c', '\'', "\\") g)"), "f ( , , , ) g ");
  EXPECT_EQ(words("x = R\"(a \" b)\"; y = u8R\"z(c)\" d)z\"; e"), "x = ; y = ; e ");
}

TEST(Source, KnowsTheMarkInANumberFromALiteral) {
  EXPECT_EQ(words("1'000'000 + rand()"), "1'000'000 + rand ( ) ");
}

TEST(Source, CountsLines) {
  const auto found = read_source("/*\n\n*/ a\n\"b\"\nc");
  ASSERT_EQ(found.tokens.size(), 2U);
  EXPECT_EQ(found.tokens[0].line, 3U);
  EXPECT_EQ(found.tokens[1].line, 5U);
}

TEST(Source, ListsIncludes) {
  const auto found =
      read_source("#include \"a/b.hpp\"\n// #include <no>\n#  include <map> // why\n");
  ASSERT_EQ(found.includes.size(), 2U);
  EXPECT_EQ(found.includes[0].path, "a/b.hpp");
  EXPECT_FALSE(found.includes[0].angled);
  EXPECT_EQ(found.includes[1].path, "map");
  EXPECT_TRUE(found.includes[1].angled);
  EXPECT_EQ(found.includes[1].line, 3U);
}

TEST(Source, ReadsTheBodiesOfMacros) {
  EXPECT_EQ(words("#define NOW \\\n  steady_clock::now()"),
            "# define NOW steady_clock :: now ( ) ");
}

TEST(Source, SurvivesWhatIsNoCpp) {
  for (const auto* text : {"R\"", "\"", "'", "#", "#include", "#include <", "\\", "R\"x(", "\"\\"})
    (void)words(text);
}

} // namespace
} // namespace kodama::layers
