#include "sim/drawing.hpp"

#include "sim/fault_fields.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace kodama::sim {
namespace {

fault_set set_of(std::string_view names) {
  return *parse_fault_set(names);
}

/// Kinds that are left in a scenario, by chance or at a moment.
fault_set kinds_in(const scenario& what) {
  fault_set found;
  for_each_fault(what.plan, [&](fault_kind kind, const auto& field) {
    if (is_on(field))
      found.set(static_cast<std::size_t>(kind));
  });
  for (const auto& each : what.strikes)
    found.set(static_cast<std::size_t>(each.kind));
  if (what.intruders != 0)
    found.set(static_cast<std::size_t>(fault_kind::client_wrong_token));
  return found;
}

fault_set some_kinds() {
  return fault_set{*rc::gen::arbitrary<std::uint64_t>()};
}

RC_GTEST_PROP(Drawing, AltersNothingUnlessAsked, (std::uint64_t seed)) {
  RC_ASSERT(drawing{}.draw(seed) == scenario::draw(seed, fault_profile::swarm));
  RC_ASSERT(drawing{fault_profile::mobile}.draw(seed) ==
            scenario::draw(seed, fault_profile::mobile));
}

RC_GTEST_PROP(Drawing, TakesOutKindsAndMovesNothingElse, (std::uint64_t seed)) {
  drawing how;
  how.profile = fault_profile::hostile;
  how.without = some_kinds();
  const auto whole = scenario::draw(seed, how.profile);
  const auto left = how.draw(seed);
  RC_ASSERT(kinds_in(left) == (kinds_in(whole) & ~how.without));
  auto expected = whole;
  expected.plan = left.plan;
  expected.intruders = left.intruders;
  std::erase_if(expected.strikes, [&](const timed_fault& each) {
    return how.without[static_cast<std::size_t>(each.kind)];
  });
  RC_ASSERT(left == expected);
}

TEST(Drawing, TakesIntrudersOutWithTheirToken) {
  std::uint64_t seed = 1;
  while (scenario::draw(seed, fault_profile::none).intruders == 0)
    ++seed;
  drawing how;
  how.without = set_of("client_wrong_token");
  EXPECT_EQ(how.draw(seed).intruders, 0u);
  how.without.flip();
  EXPECT_EQ(how.draw(seed).intruders, 1u);
}

TEST(Drawing, LetsNoKindStrikeThatIsTakenOut) {
  drawing how;
  how.profile = fault_profile::hostile;
  how.without = ~set_of("tcp_reset,udp_loss");
  trace history;
  const auto ended = run(how.draw(3), history);
  for (std::size_t i = 0; i != fault_kind_count; ++i) {
    const auto kind = static_cast<fault_kind>(i);
    if (how.without[i])
      EXPECT_EQ(ended.faults.struck(kind), 0u) << to_string(kind);
    else
      EXPECT_GT(ended.faults.struck(kind), 0u) << to_string(kind);
  }
}

RC_GTEST_PROP(Drawing, ChoosesTheScheduleAndMovesNothingElse, (std::uint64_t seed)) {
  const auto as_drawn = drawing{}.draw(seed);
  for (const auto kind : {schedule_kind::uniform, schedule_kind::priorities}) {
    drawing how;
    how.schedule = kind;
    auto made = how.draw(seed);
    const bool by_priorities = made.change_points.has_value();
    RC_ASSERT(by_priorities == (kind == schedule_kind::priorities));
    if (by_priorities && as_drawn.change_points)
      RC_ASSERT(made.change_points == as_drawn.change_points);
    made.change_points = as_drawn.change_points;
    RC_ASSERT(made == as_drawn);
  }
}

RC_GTEST_PROP(FaultSet, IsReadBackFromItsText, ()) {
  const auto kinds = some_kinds();
  RC_PRE(kinds.any());
  const auto read = parse_fault_set(to_text(kinds));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == kinds);
}

TEST(FaultSet, NamesWhatIsNoKind) {
  for (const auto& [text, name] : {std::pair{"udp_los", "udp_los"},
                                   {"udp_loss,tcp_rest", "tcp_rest"},
                                   {"udp_loss,", ""},
                                   {"", ""},
                                   {"udp_loss, tcp_reset", " tcp_reset"}}) {
    const auto read = parse_fault_set(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().name, name);
  }
}

TEST(ScheduleKind, HasTwoNames) {
  EXPECT_EQ(parse_schedule_kind("uniform"), schedule_kind::uniform);
  EXPECT_EQ(parse_schedule_kind("priorities"), schedule_kind::priorities);
  EXPECT_EQ(parse_schedule_kind("pct"), std::nullopt);
}

} // namespace
} // namespace kodama::sim
