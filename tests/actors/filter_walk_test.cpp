#include "actors/filter_walk.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace kodama::actors {
namespace {

using names = std::vector<std::string>;

struct FilterWalk : testing::Test {
  std::map<std::string, int, std::less<>> first, second;
  names met;

  void add(const names& to_first, const names& to_second = {}) {
    for (const auto& each : to_first)
      first.emplace(each, 1);
    for (const auto& each : to_second)
      second.emplace(each, 2);
  }
  /// Goes past so many names; whether it has reached the end.
  bool pass(filter_walk& walk, int most = 1'000) {
    return walk.pass(
        first, second, [&](const auto& at) { met.push_back(at.first); },
        [&] { return --most > 0; });
  }
  names all_met(std::string_view filter) {
    met.clear();
    filter_walk walk{filter};
    EXPECT_TRUE(pass(walk));
    return met;
  }
};

TEST_F(FilterWalk, MeetsWhatMatchesInTheOrderOfNames) {
  add({"a", "a/b", "b"}, {"a/b/c", "ab"});
  EXPECT_EQ(all_met("a"), names{"a"});
  EXPECT_EQ(all_met("a/#"), (names{"a", "a/b", "a/b/c"}));
  EXPECT_EQ(all_met("+"), (names{"a", "ab", "b"}));
  EXPECT_EQ(all_met("+/b"), names{"a/b"});
  EXPECT_EQ(all_met("a/x"), names{});
  EXPECT_EQ(all_met("a/b/c"), names{"a/b/c"});
}

TEST_F(FilterWalk, GoesOnWhereItRested) {
  add({"a", "c", "e"}, {"b", "d"});
  filter_walk walk{"#"};
  int rests = 0;
  while (!pass(walk, 2))
    ++rests;
  EXPECT_EQ(met, (names{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(rests, 2);
}

TEST_F(FilterWalk, SeesWhatIsAheadAsItIsThen) {
  add({"b", "d", "f"}, {"e"});
  filter_walk walk{"#"};
  EXPECT_FALSE(pass(walk, 2));
  EXPECT_FALSE(walk.is_to_meet("a"));
  EXPECT_FALSE(walk.is_to_meet("d"));
  EXPECT_TRUE(walk.is_to_meet("e"));
  add({"a", "g"}); // the one behind it is not met, the other is
  first.erase("f");
  first.erase("d"); // where it rests
  first.insert(second.extract("e"));
  EXPECT_TRUE(pass(walk));
  EXPECT_EQ(met, (names{"b", "d", "e", "g"}));
}

TEST_F(FilterWalk, MayRestAfterNamesThatDoNotMatch) {
  add({"a/1", "a/2", "a/3", "a/3/x"});
  filter_walk walk{"a/+/x"};
  EXPECT_FALSE(pass(walk, 1));
  EXPECT_FALSE(walk.is_to_meet("a/3")) << "which it does not match";
  EXPECT_TRUE(walk.is_to_meet("a/2/x"));
  EXPECT_TRUE(pass(walk));
  EXPECT_EQ(met, names{"a/3/x"});
}

} // namespace
} // namespace kodama::actors
