#include "sim/schedule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace kodama::sim {
namespace {

constexpr std::array<std::uint64_t, 4> four{11, 12, 13, 14};

/// Whom a schedule lets go, step by step, while all of them could.
std::vector<std::uint64_t> winners(schedule order, std::size_t steps) {
  std::vector<std::uint64_t> who;
  for (std::size_t i = 0; i != steps; ++i)
    who.push_back(four[order.choose(four, std::nullopt).mailbox]);
  return who;
}

std::size_t changes_of(const std::vector<std::uint64_t>& who) {
  std::size_t changes = 0;
  for (std::size_t i = 1; i < who.size(); ++i)
    changes += who[i] != who[i - 1] ? 1 : 0;
  return changes;
}

TEST(Schedule, UniformGivesEveryMailboxItsShareAndPacketsNone) {
  schedule order{4711, std::nullopt};
  std::map<std::size_t, int> count;
  for (int i = 0; i != 4000; ++i) {
    const auto chosen = order.choose(four, std::uint64_t{1});
    EXPECT_FALSE(chosen.packet);
    ++count[chosen.mailbox];
  }
  for (std::size_t i = 0; i != four.size(); ++i)
    EXPECT_NEAR(count[i], 1000, 150);
}

RC_GTEST_PROP(Schedule, WithoutChangePointsTheSameMailboxAlwaysGoesFirst, (std::uint64_t seed)) {
  RC_ASSERT(changes_of(winners(schedule{seed, 0}, 300)) == 0U);
}

RC_GTEST_PROP(Schedule, EachChangePointLetsAtMostOneMailboxFall, (std::uint64_t seed)) {
  const auto points = *rc::gen::inRange<std::uint32_t>(0, 6);
  RC_ASSERT(changes_of(winners(schedule{seed, points}, 5000)) <= points);
}

TEST(Schedule, ChangePointsDoChangeSomething) {
  std::size_t changed = 0;
  for (std::uint64_t seed = 0; seed != 200; ++seed)
    changed += changes_of(winners(schedule{seed, 3}, 5000)) != 0 ? 1 : 0;
  EXPECT_GT(changed, 190U);
}

TEST(Schedule, EveryMailboxIsTheFirstOfSomeSeed) {
  std::map<std::uint64_t, int> count;
  for (std::uint64_t seed = 0; seed != 400; ++seed)
    ++count[winners(schedule{seed, 0}, 1).front()];
  for (const auto mailbox : four)
    EXPECT_NEAR(count[mailbox], 100, 40);
}

TEST(Schedule, PacketsComeBeforeLowMailboxesAndAfterHighOnes) {
  int before = 0;
  for (std::uint64_t seed = 0; seed != 400; ++seed) {
    schedule order{seed, 0};
    const std::array<std::uint64_t, 1> alone{7};
    before += order.choose(alone, std::uint64_t{99}).packet ? 1 : 0;
  }
  EXPECT_NEAR(before, 200, 60);
}

RC_GTEST_PROP(Schedule, IsAFunctionOfItsSeed, (std::uint64_t seed)) {
  const auto points = *rc::gen::inRange<std::uint32_t>(0, 6);
  RC_ASSERT(winners(schedule{seed, points}, 200) == winners(schedule{seed, points}, 200));
}

RC_GTEST_PROP(Schedule, AnotherMailboxChangesNothingBetweenTheOthers, (std::uint64_t seed)) {
  schedule few{seed, 0};
  schedule more{seed, 0};
  const std::array<std::uint64_t, 5> five{11, 12, 13, 14, 15};
  const auto first = four[few.choose(four, std::nullopt).mailbox];
  const auto among = five[more.choose(five, std::nullopt).mailbox];
  RC_ASSERT(among == first || among == 15U);
}

} // namespace
} // namespace kodama::sim
