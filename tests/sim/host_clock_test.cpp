#include "sim/host_clock.hpp"

#include "sim/scheduler.hpp"
#include "tests/sim/told_scenario.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

/// A clock as worlds have them, that has leapt by up to an hour.
host_clock any_clock() {
  host_clock made{*rc::gen::inRange<std::int64_t>(-20'000, 20'001)};
  made.leap(std::chrono::milliseconds{*rc::gen::inRange(0, 3'600'000)});
  return made;
}

instant any_moment() {
  return instant{std::chrono::microseconds{*rc::gen::inRange<std::int64_t>(0, 3'600'000'000)}};
}

RC_GTEST_PROP(HostClock, NeverGoesBack, ()) {
  auto clock = any_clock();
  const auto now = any_moment();
  const auto before = clock.to_local(now);
  RC_ASSERT(clock.to_local(now + 1us) >= before);
  const duration by = std::chrono::microseconds{*rc::gen::inRange(0, 1'000'000)};
  clock.leap(by);
  RC_ASSERT(clock.to_local(now) == before + by);
}

RC_GTEST_PROP(HostClock, HasReachedADeadlineWhenTheWorldSaysSo, ()) {
  const auto clock = any_clock();
  const auto local = clock.to_local(any_moment());
  const auto world = clock.to_world(local);
  RC_ASSERT(clock.to_local(world) >= local);
  RC_ASSERT(clock.to_local(world - 1us) <= local);
}

TEST(HostClock, HasNoDeadlineThatNeverComes) {
  host_clock clock{500};
  clock.leap(5s);
  EXPECT_EQ(clock.to_world(never), never);
}

/// The tunnel, with another strike in its place.
scenario room(const timed_fault& strike) {
  auto what = tunnel();
  what.keepalive = 10s;
  what.resume_window = 20s;
  what.heal_at = 8s;
  what.end_at = 80s;
  what.strikes = {strike};
  what.operations.push_back({20s, 0, operation::kind::publish, 0, 2, 32});
  return what;
}

/// The first event of this kind whose text has `part` in it, in time; `never` if none has.
instant when(const run_story& in, std::string_view kind, std::string_view part) {
  const auto at = find_event(in, kind, part);
  return at == in.events.size() ? never : in.events[at].when;
}

std::size_t deliveries(const run_story& in) {
  return static_cast<std::size_t>(std::count_if(
      in.events.begin(), in.events.end(), [](const auto& e) { return e.kind == "user.receives"; }));
}

TEST(ClockLeap, OfTheServerMakesItMissAKeepalive) {
  const auto in = told(room({fault_kind::clock_leap, host_id{0}, 3s, 16s, 0}));
  EXPECT_TRUE(in.breaches.empty());
  EXPECT_EQ(when(in, "fault", "clock_leap by 16000 ms"), instant{3s});
  EXPECT_LT(when(in, "session.detached", "keepalive"), instant{3s + 10ms});
  EXPECT_LT(when(in, "session.resumed", ""), instant{8s}); // inside the window: nothing is lost
  EXPECT_EQ(when(in, "session.ended", ""), never);
  EXPECT_EQ(deliveries(in), 5u);
}

TEST(ClockLeap, OfTheServerBeyondAResumeWindowEndsWhoIsAway) {
  // The first leap makes the server notice that nobody is there; the second ends the window.
  auto what = room({fault_kind::client_kill, host_id{2}, 3s, 6s, 0});
  what.strikes.push_back({fault_kind::clock_leap, host_id{0}, 5s, 16s, 0});
  what.strikes.push_back({fault_kind::clock_leap, host_id{0}, 6s, 25s, 0});
  const auto in = told(what);
  EXPECT_TRUE(in.breaches.empty());
  EXPECT_EQ(when(in, "session.ended", "session_unknown"), instant{6s});
  EXPECT_GT(when(in, "session.opened", "1/3"), instant{6s}); // comes back, and is told
}

TEST(ClockLeap, OfAClientMakesItTryAgain) {
  const auto in = told(room({fault_kind::clock_leap, host_id{2}, 3s, 16s, 0}));
  EXPECT_TRUE(in.breaches.empty());
  EXPECT_LT(when(in, "user.learns", "keepalive_timeout"), instant{3s + 10ms});
  EXPECT_LT(when(in, "session.resumed", ""), instant{8s});
  EXPECT_EQ(deliveries(in), 5u);
}

TEST(HostClock, IsTheMachinesAndOutlivesAProcess) {
  event_queue queue;
  host_clock clock;
  sim_config config{queue, clock, schedule{1, std::nullopt}};
  for (const auto ahead : {3s, 6s}) {
    caf::actor_system process{config};
    process.await_actors_before_shutdown(false);
    EXPECT_EQ(home_of(process).now(), instant{ahead - 3s});
    clock.leap(3s);
    EXPECT_EQ(home_of(process).now(), instant{ahead});
  }
}

TEST(ClockLeap, StrikesEverybodyAndMovesNoOtherStrike) {
  const std::vector<fault_target> targets{{host_id{0}, hash_of("server"), true},
                                          {host_id{1}, hash_of("one"), false}};
  auto plan = fault_plan::worst();
  const auto with = draw_timed_faults(plan, 7, targets);
  plan.process.clock_leap = {};
  const auto without = draw_timed_faults(plan, 7, targets);
  auto rest = with;
  std::erase_if(rest, [](const auto& each) { return each.kind == fault_kind::clock_leap; });
  EXPECT_EQ(rest, without);
  for (const auto& target : targets)
    EXPECT_TRUE(std::any_of(with.begin(), with.end(), [&](const auto& each) {
      return each.kind == fault_kind::clock_leap && each.host == target.host;
    }));
}

} // namespace
} // namespace kodama::sim
