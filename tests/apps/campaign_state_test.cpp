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
  state.next = *rc::gen::inRange<std::uint64_t>(12, 7002);
  state.open = {{8, 9}, {11, 11}};
  state.took = std::chrono::milliseconds{*rc::gen::inRange(0, 1'000'000)};
  state.found.seeds = 12;
  state.found.add_failure({9, {"liveness", "user 1 is late"}});
  const auto read = parse_campaign(to_text(options, state));
  RC_ASSERT(read.has_value());
  RC_ASSERT(to_text(read->options, read->state) == to_text(options, state));
  RC_ASSERT(read->options.drawn == options.drawn);
}

/// Why "kodama campaign 1" with these lines is refused.
std::string refusal_of(const std::string& lines) {
  const auto read = parse_campaign("kodama campaign 1\n" + lines);
  return read ? "" : read.error().reason;
}

TEST(CampaignState, RefusesWhatItDoesNotUnderstand) {
  for (const auto* other : {"", "kodama campaign 2\n", "kodama scenario 1\n"}) {
    const auto read = parse_campaign(other);
    ASSERT_FALSE(read.has_value()) << other;
    EXPECT_EQ(read.error().reason, "line 1: expected \"kodama campaign 1\"");
  }
  for (const auto* line :
       {"open 5-4", "range 0-18446744073709551615", "profile moebius", "what", "schedule pct",
        "without nothing", "failed x liveness late", "finding liveness: late"})
    EXPECT_EQ(refusal_of("seeds 3\n" + std::string{line} + '\n'),
              "line 3: expected a line as `kodama sim --resume` writes it")
        << line;
}

TEST(CampaignState, RefusesFindingsWithoutTheirSeeds) {
  const std::string expected =
      "expected `finding COUNT SHAPE`, then one to COUNT lines `failed SEED PROMISE TEXT` of that "
      "shape";
  EXPECT_EQ(refusal_of("finding 1 mqtt: late\nfailed 4 mqtt late\n"), "");
  EXPECT_EQ(refusal_of("finding 3 exactly-once: x\n"), "line 2: " + expected);
  EXPECT_EQ(refusal_of("seeds 3\nfailed 4 mqtt late\n"), "line 3: " + expected);
  EXPECT_EQ(refusal_of("finding 1 mqtt: late\nfailed 4 mqtt late\nfailed 5 mqtt late\n"),
            "line 2: " + expected);
  // That of another shape is none.
  EXPECT_EQ(refusal_of("finding 1 mqtt: late\nfailed 4 mqtt lost\n"), "line 2: " + expected);
}

TEST(CampaignState, RefusesToGoOnOutsideOfItsRange) {
  EXPECT_EQ(refusal_of("range 5-9\nnext 10\nopen 5-9\n"), "");
  EXPECT_EQ(refusal_of("range 5-9\nnext 11\n"), "expected `next` to be one of 5-10");
  EXPECT_EQ(refusal_of("range 5-9\nnext 4\n"), "expected `next` to be one of 5-10");
  for (const auto* open : {"4-5", "7-8"})
    EXPECT_EQ(refusal_of("range 5-9\nnext 8\nopen " + std::string{open} + '\n'),
              "expected `open` to lie before `next` and in the range: " + std::string{open});
}

} // namespace
} // namespace kodama::apps
