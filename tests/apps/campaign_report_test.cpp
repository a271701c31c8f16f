#include "apps/campaign_report.hpp"

#include <gtest/gtest.h>

namespace kodama::apps {
namespace {

TEST(CampaignReport, NothingRunIsNothingPassed) {
  campaign_report report;
  EXPECT_FALSE(report.passed());
  report.state.found.seeds = 1;
  EXPECT_TRUE(report.passed());
}

} // namespace
} // namespace kodama::apps
