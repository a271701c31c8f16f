#include "apps/campaign.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::apps {
namespace {

RC_GTEST_PROP(CampaignState, IsReadBackFromItsText, ()) {
  campaign_options options;
  options.seeds = {7, 7000};
  options.drawn.profile = sim::fault_profile::lossy;
  if (*rc::gen::arbitrary<bool>())
    options.drawn.schedule = sim::schedule_kind::priorities;
  options.drawn.without = sim::fault_set{*rc::gen::arbitrary<std::uint64_t>()};
  options.check_determinism = *rc::gen::arbitrary<bool>();
  campaign_state state;
  state.next = *rc::gen::inRange<std::uint64_t>(7, 7001);
  state.open = {{8, 9}, {11, 11}};
  state.took = std::chrono::milliseconds{*rc::gen::inRange(0, 1'000'000)};
  state.found.seeds = 12;
  state.found.add_failure({9, {"liveness", "user 1 is late"}});
  const auto read = parse_campaign(to_text(options, state));
  RC_ASSERT(read.has_value());
  RC_ASSERT(to_text(read->options, read->state) == to_text(options, state));
  RC_ASSERT(read->options.drawn == options.drawn);
}

TEST(CampaignState, RefusesWhatItDoesNotUnderstand) {
  for (const auto* text :
       {"", "kodama campaign 2\n", "kodama campaign 1\nopen 5-4\n",
        "kodama campaign 1\nrange 0-18446744073709551615\n", "kodama campaign 1\nprofile moebius\n",
        "kodama campaign 1\nwhat\n", "kodama campaign 1\nschedule pct\n",
        "kodama campaign 1\nwithout nothing\n"})
    EXPECT_FALSE(parse_campaign(text).has_value()) << text;
}

} // namespace
} // namespace kodama::apps
