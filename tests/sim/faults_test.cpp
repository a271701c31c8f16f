#include "sim/faults.hpp"

#include "sim/fault_fields.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

std::set<fault_kind> kinds_on(const fault_plan& plan) {
  std::set<fault_kind> on;
  for_each_fault(plan, [&on](fault_kind kind, const auto& field) {
    if (is_on(field))
      on.insert(kind);
  });
  return on;
}

const std::vector<fault_target> targets{
    {host_id{0}, hash_of("server"), true},
    {host_id{1}, hash_of("one"), false},
    {host_id{2}, hash_of("two"), false},
};

TEST(FaultKind, HasOneNameEach) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i != fault_kind_count; ++i)
    names.insert(to_string(static_cast<fault_kind>(i)));
  EXPECT_EQ(names.size(), fault_kind_count);
  EXPECT_EQ(names.count(""), 0u);
  EXPECT_EQ(to_string(fault_kind::udp_mtu), "udp_mtu");
  EXPECT_EQ(to_string(fault_kind::client_flood), "client_flood");
}

TEST(FaultPlan, HasAFieldForEveryKind) {
  EXPECT_EQ(kinds_on(fault_plan::worst()).size(), fault_kind_count);
  EXPECT_TRUE(kinds_on(fault_plan{}).empty());
}

TEST(FaultPlan, DrawsEveryKindAndAlsoNone) {
  std::set<fault_kind> seen;
  int calm = 0;
  constexpr int seeds = 800;
  for (std::uint64_t seed = 0; seed != seeds; ++seed) {
    const auto on = kinds_on(fault_plan::draw(seed));
    calm += on.empty();
    seen.insert(on.begin(), on.end());
  }
  EXPECT_EQ(seen.size(), fault_kind_count);
  EXPECT_GT(calm, seeds / 16);
  EXPECT_LT(calm, seeds / 3);
}

RC_GTEST_PROP(FaultPlan, IsReadBackFromItsText, (std::uint64_t seed)) {
  const auto plan = fault_plan::draw(seed);
  RC_ASSERT(parse_fault_plan(to_text(plan)).value() == plan);
}

TEST(FaultPlan, ReadsWhatAPersonWrites) {
  const auto plan = parse_fault_plan("# a comment\n\nheal_at 20s\nudp_loss   6554/65536\n"
                                     "tcp_reset every 4s for 0s to 250ms\nbandwidth 1000")
                        .value();
  EXPECT_EQ(plan.heal_at, 20s);
  EXPECT_EQ(plan.udp.loss, probability{6554});
  EXPECT_EQ(plan.tcp.reset, (spell{4s, 0s, 250ms}));
  EXPECT_EQ(plan.bandwidth, ceiling{1000});
}

TEST(FaultPlan, RefusesWhatItDoesNotUnderstand) {
  for (const auto* text :
       {"udp_lost 1/65536", "udp_loss", "udp_loss 1", "udp_loss 65537/65536", "udp_loss 1/65536 2",
        "latency 5", "latency 5h", "latency 99999999999999999999s", "latency 9999999999s",
        "tcp_reset every 4s", "tcp_reset every 4s for 2s to 1s", "tcp_reset every 1ns for 0s to 0s",
        "bandwidth fast"})
    EXPECT_TRUE(parse_fault_plan(text).has_error()) << text;
}

TEST(FaultProfile, IsFoundByName) {
  EXPECT_EQ(parse_fault_profile("mobile").value(), fault_profile::mobile);
  EXPECT_TRUE(parse_fault_profile("moebius").has_error());
  EXPECT_EQ(fault_plan::of(fault_profile::none, 1), fault_plan{});
  EXPECT_EQ(fault_plan::of(fault_profile::swarm, 9), fault_plan::draw(9));
  EXPECT_GT(kinds_on(fault_plan::of(fault_profile::mobile, 1)).size(),
            kinds_on(fault_plan::of(fault_profile::lossy, 1)).size());
}

RC_GTEST_PROP(TimedFaults, StayWithinTheFaultPhase, (std::uint64_t seed)) {
  const auto plan = fault_plan::draw(seed);
  duration last{0};
  for (const auto& fault : draw_timed_faults(plan, seed, targets)) {
    RC_ASSERT(fault.at >= last);
    RC_ASSERT(fault.at + fault.lasts <= plan.heal_at);
    last = fault.at;
  }
}

TEST(TimedFaults, StrikeEachKindWhereItBelongs) {
  std::set<std::pair<fault_kind, host_id>> struck;
  for (const auto& fault : draw_timed_faults(fault_plan::worst(), 1, targets))
    struck.emplace(fault.kind, fault.host);
  EXPECT_EQ(struck.count({fault_kind::server_restart, host_id{0}}), 1u);
  EXPECT_EQ(struck.count({fault_kind::server_restart, host_id{1}}), 0u);
  EXPECT_EQ(struck.count({fault_kind::tcp_reset, host_id{0}}), 0u);
  EXPECT_EQ(struck.count({fault_kind::tcp_reset, host_id{1}}), 1u);
  EXPECT_EQ(struck.count({fault_kind::tcp_reset, host_id{2}}), 1u);
}

// What makes shrinking work: taking one fault away leaves the others where they were.
RC_GTEST_PROP(TimedFaults, DoNotMoveWhenAnotherKindIsSwitchedOff, (std::uint64_t seed)) {
  auto plan = fault_plan::worst();
  auto expected = draw_timed_faults(plan, seed, targets);
  std::erase_if(expected, [](const timed_fault& f) { return f.kind == fault_kind::black_hole; });
  plan.black_hole = {};
  RC_ASSERT(draw_timed_faults(plan, seed, targets) == expected);
}

RC_GTEST_PROP(TimedFaults, DoNotMoveWhenAnotherHostIsTakenAway, (std::uint64_t seed)) {
  auto expected = draw_timed_faults(fault_plan::worst(), seed, targets);
  std::erase_if(expected, [](const timed_fault& f) { return f.host == host_id{2}; });
  RC_ASSERT(draw_timed_faults(fault_plan::worst(), seed, std::span{targets}.first(2)) == expected);
}

} // namespace
} // namespace kodama::sim
