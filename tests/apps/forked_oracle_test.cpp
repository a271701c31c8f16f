#include "apps/forked_oracle.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kodama::apps {
namespace {

using namespace std::chrono_literals;
using clock = forked_oracle::clock;

void tell_nobody(const sim::scenario&, std::uint64_t) {}

/// A clock that runs backwards: its timers are due for ever.
sim::scenario endless() {
  sim::scenario what;
  what.users = 2;
  what.heal_at = what.plan.heal_at = 5s;
  what.plan.process.clock_drift = {2'000'000};
  for (const sim::user_id user : {0U, 1U})
    what.operations.push_back({0s, user, sim::operation::kind::connect});
  what.operations.push_back({500ms, 1, sim::operation::kind::subscribe});
  what.operations.push_back({1s, 0, sim::operation::kind::publish, 0, 4, 32});
  what.end_at = what.end_needed();
  return what;
}

/// Loses this one of the messages.
sim::scenario with_canary(std::uint32_t which) {
  auto what = endless();
  what.plan.process.clock_drift = {};
  what.canary = which;
  return what;
}

TEST(ForkedOracle, CountsItsTimeFromTheEndOfTheFirstRun) {
  forked_oracle oracle{1, 500ms, tell_nobody, 1s};
  const auto how = oracle.aim_at(endless()).value();
  ASSERT_TRUE(how.has_value());
  EXPECT_EQ(how->text, "the run does not end");
  EXPECT_TRUE(oracle.may_go_on());
}

TEST(ForkedOracle, WaitsForNoCandidateOnceItsTimeIsUp) {
  forked_oracle oracle{1, 200ms, tell_nobody};
  ASSERT_TRUE(oracle.aim_at(with_canary(2)).value().has_value());
  const auto begun = clock::now();
  EXPECT_FALSE(oracle.first_failing(std::vector{endless(), endless()}).has_value());
  EXPECT_FALSE(oracle.may_go_on());
  EXPECT_LT(clock::now() - begun, 2s) << "a run may take 3 s";
}

TEST(ForkedOracle, KnowsHowTheLastOneFoundFails) {
  forked_oracle oracle{2, 60s, tell_nobody};
  ASSERT_TRUE(oracle.aim_at(with_canary(2)).value().has_value());
  const auto before = oracle.how();
  const std::vector candidates{with_canary(0), with_canary(3), with_canary(2)};
  EXPECT_EQ(oracle.first_failing(candidates), 1U);
  EXPECT_EQ(oracle.how().shape(), before.shape());
  EXPECT_NE(oracle.how().text, before.text);
}

} // namespace
} // namespace kodama::apps
