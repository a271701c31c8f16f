#include "sim/schedule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace kodama::sim {
namespace {

constexpr std::array<std::uint64_t, 4> four{11, 12, 13, 14};

constexpr instant at_ms(std::int64_t ms) {
  return instant{std::chrono::milliseconds{ms}};
}

/// Whom a schedule lets go, step by step, a millisecond each, while all of them could.
std::vector<std::uint64_t> winners(schedule order, std::size_t steps) {
  std::vector<std::uint64_t> who;
  for (std::size_t i = 0; i != steps; ++i)
    who.push_back(
        four[order.choose(at_ms(static_cast<std::int64_t>(i)), four, std::nullopt).mailbox]);
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
    const auto chosen = order.choose(at_ms(i / 4), four, instant{});
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
  RC_ASSERT(changes_of(winners(schedule{seed, points}, 50000)) <= points);
}

TEST(Schedule, ChangePointsDoChangeSomething) {
  std::size_t changed = 0;
  for (std::uint64_t seed = 0; seed != 200; ++seed)
    changed += changes_of(winners(schedule{seed, 3}, 50000)) != 0 ? 1 : 0;
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
    before += order.choose(instant{}, alone, at_ms(99)).packet ? 1 : 0;
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
  const auto first = four[few.choose(instant{}, four, std::nullopt).mailbox];
  const auto among = five[more.choose(instant{}, five, std::nullopt).mailbox];
  RC_ASSERT(among == first || among == 15U);
}

/// The order in which these mailboxes, with as many messages each, handle all of them now.
std::vector<std::uint64_t> burst(schedule& order, instant now,
                                 std::map<std::uint64_t, int> messages) {
  std::vector<std::uint64_t> who;
  while (!messages.empty()) {
    std::vector<std::uint64_t> ready;
    for (const auto& [mailbox, count] : messages)
      ready.push_back(mailbox);
    who.push_back(ready[order.choose(now, ready, std::nullopt).mailbox]);
    if (--messages[who.back()] == 0)
      messages.erase(who.back());
  }
  return who;
}

RC_GTEST_PROP(Schedule, AFurtherMailboxNowChangesNothingBetweenTheOthersNowAndLater,
              (std::uint64_t seed)) {
  const auto points = *rc::gen::element<std::optional<std::uint32_t>>(std::nullopt, 0);
  schedule quiet{seed, points};
  schedule busy{seed, points};
  const std::map<std::uint64_t, int> messages{{11, 1}, {12, 4}, {13, 2}};
  auto further = messages;
  further[99] = 3;
  auto others = burst(busy, at_ms(1), further);
  std::erase(others, 99U);
  RC_ASSERT(others == burst(quiet, at_ms(1), messages));
  RC_ASSERT(burst(busy, at_ms(2), messages) == burst(quiet, at_ms(2), messages));
}

RC_GTEST_PROP(Schedule, AFurtherMessageChangesNothingAtLaterMoments, (std::uint64_t seed)) {
  schedule quiet{seed, std::nullopt};
  schedule busy{seed, std::nullopt};
  burst(quiet, at_ms(1), {{11, 2}, {12, 2}});
  burst(busy, at_ms(1), {{11, 2}, {12, 3}});
  const std::map<std::uint64_t, int> messages{{11, 1}, {12, 4}, {13, 2}};
  RC_ASSERT(burst(busy, at_ms(2), messages) == burst(quiet, at_ms(2), messages));
}

TEST(Schedule, UniformDoesNotRepeatItself) {
  schedule order{4711, std::nullopt};
  std::map<std::vector<std::uint64_t>, int> seen;
  for (int i = 0; i != 1000; ++i)
    ++seen[burst(order, at_ms(i), {{11, 1}, {12, 1}, {13, 1}, {14, 1}})];
  EXPECT_EQ(seen.size(), 24U);
}

} // namespace
} // namespace kodama::sim
