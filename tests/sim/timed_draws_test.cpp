#include "sim/timed_draws.hpp"

#include "sim/seeded_chance.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint64_t> drawn_at(std::uint64_t seed, const std::vector<instant>& moments) {
  timed_draws draws{{seed, "site", 1}};
  std::vector<std::uint64_t> drawn;
  for (const auto each : moments)
    drawn.push_back(draws.next(each));
  return drawn;
}

/// Once in each second, somewhat after its beginning.
std::vector<instant> once_a_second(duration after) {
  std::vector<instant> moments;
  for (int second = 0; second != 20; ++second)
    moments.push_back(instant{std::chrono::seconds{second} + after});
  return moments;
}

RC_GTEST_PROP(TimedDraws, OneThingMoreChangesNothingLongAfterIt, (std::uint64_t seed)) {
  const auto usual = once_a_second(100ms);
  auto more = usual;
  const auto at = *rc::gen::inRange<std::size_t>(0, usual.size());
  more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), usual[at]);
  auto drawn = drawn_at(seed, more);
  drawn.erase(drawn.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  RC_ASSERT(drawn == drawn_at(seed, usual));
}

RC_GTEST_PROP(TimedDraws, ALittleLaterIsTheSame, (std::uint64_t seed)) {
  RC_ASSERT(drawn_at(seed, once_a_second(100ms)) == drawn_at(seed, once_a_second(101ms)));
}

RC_GTEST_PROP(TimedDraws, DoNotRepeatThemselves, (std::uint64_t seed)) {
  auto moments = once_a_second(100ms);
  const auto twice = moments;
  moments.insert(moments.end(), twice.begin(), twice.end());
  std::sort(moments.begin(), moments.end());
  auto drawn = drawn_at(seed, moments);
  std::sort(drawn.begin(), drawn.end());
  RC_ASSERT(std::adjacent_find(drawn.begin(), drawn.end()) == drawn.end());
}

TEST(SeededChance, DrawsByTheClockOfItsWorld) {
  event_queue queue;
  const decision_stream stream{7, "session ids", 3};
  seeded_chance chance{stream, queue};
  timed_draws draws{stream};
  EXPECT_EQ(chance.next(), draws.next(instant{}));
  queue.advance_to(instant{1s});
  EXPECT_EQ(chance.next(), draws.next(instant{1s}));
  EXPECT_EQ(chance.next(), draws.next(instant{1s}));
}

} // namespace
} // namespace kodama::sim
