#include "apps/campaign.hpp"

#include <gtest/gtest.h>

namespace kodama::apps {
namespace {

bool always(const campaign_state&) {
  return true;
}

campaign_state begin_with(const campaign_options& options) {
  campaign_state state;
  state.next = options.seeds.first;
  return state;
}

TEST(Campaign, RunsTheSmallestSeedAndTheLargest) {
  for (const auto seeds : {seed_range{0, 1}, seed_range{0, 0}, seed_range{seed_max, seed_max}}) {
    campaign_options options;
    options.seeds = seeds;
    const auto ended = run_campaign(options, begin_with(options), always);
    EXPECT_EQ(ended.found.seeds, seeds.last - seeds.first + 1);
    EXPECT_TRUE(ended.is_done);
  }
}

TEST(Campaign, RunsNothingThatItMayNot) {
  campaign_options options;
  const auto never = [](const campaign_state&) { return false; };
  const auto ended = run_campaign(options, begin_with(options), never);
  EXPECT_EQ(ended.found.seeds, 0U);
  EXPECT_EQ(ended.next, options.seeds.first);
  EXPECT_FALSE(ended.is_done);
}

} // namespace
} // namespace kodama::apps
