#include "apps/campaign.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>

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

/// Until its end this process may open so many files.
class few_files {
public:
  explicit few_files(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit now{most, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~few_files() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_files(const few_files&) = delete;
  few_files& operator=(const few_files&) = delete;

private:
  rlimit before_{};
};

TEST(Campaign, SaysWhenThereIsNoRoomForItsProcesses) {
  campaign_options options;
  options.seeds = {1, 300};
  options.jobs = 100;
  const few_files limit{40};
  const auto ended = run_campaign(options, begin_with(options), always);
  EXPECT_EQ(ended.trouble.value(), EMFILE);
  EXPECT_FALSE(ended.is_done);
  // What was not run is still to be run.
  auto open = options.seeds.last + 1 - ended.next;
  for (const auto& each : ended.open)
    open += each.last + 1 - each.first;
  EXPECT_EQ(ended.found.seeds + open, 300U);
}

} // namespace
} // namespace kodama::apps
