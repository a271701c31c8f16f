#include "net/flaky_pace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace kodama::net {
namespace {

using namespace std::chrono_literals;

TEST(FlakyPace, AddsNothingByItself) {
  flaky_pace pace{0};
  const flaky_pace::clock::time_point now{1s};
  EXPECT_EQ(pace.departure(now, 60'000, 0s), now);
}

TEST(FlakyPace, SpreadsABurstOverTheBandwidth) {
  flaky_pace pace{1000};
  const flaky_pace::clock::time_point now{1s};
  EXPECT_EQ(pace.departure(now, 500, 10ms), now + 510ms);
  EXPECT_EQ(pace.departure(now, 500, 10ms), now + 1010ms);
  // A pause is not saved up.
  EXPECT_EQ(pace.departure(now + 1h, 500, 10ms), now + 1h + 510ms);
}

RC_GTEST_PROP(FlakyPace, LetsNothingOvertake, (const std::vector<std::uint16_t>& delays)) {
  flaky_pace pace{100'000};
  auto last = flaky_pace::clock::time_point{1s};
  for (const auto delay : delays) {
    const auto next =
        pace.departure(flaky_pace::clock::time_point{1s}, delay, std::chrono::microseconds{delay});
    RC_ASSERT(next >= last);
    last = next;
  }
}

} // namespace
} // namespace kodama::net
