#include "sim/drawing.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

/// What a failing run has to say for itself.
std::string told(const verdict& what) {
  return what.passed()
             ? ""
             : std::string{what.violations.front().promise} + ": " + what.violations.front().text;
}

verdict run_hashed(const scenario& what) {
  trace history;
  return run(what, history);
}

TEST(World, KeepsEveryPromiseOnAPerfectNetwork) {
  for (std::uint64_t seed = 1; seed != 30; ++seed) {
    const auto result = run_hashed(scenario::draw(seed, fault_profile::none));
    EXPECT_TRUE(result.passed()) << "kodama replay " << seed << " --profile none: " << told(result);
  }
}

TEST(World, LosesNoConnectionOnAPerfectNetworkWhateverTheSchedule) {
  for (const auto how : {schedule_kind::uniform, schedule_kind::priorities})
    for (std::uint64_t seed = 1; seed != 30; ++seed) {
      trace history{trace::keep::text};
      static_cast<void>(run(drawing{fault_profile::none, how, {}}.draw(seed), history));
      for (const auto& each : history.records())
        EXPECT_EQ(each.text.find("its connection is lost"), std::string::npos)
            << "seed " << seed << ": " << each.text;
    }
}

TEST(World, ExercisesEveryPromiseWithinAFewSeeds) {
  std::map<std::string, std::uint64_t, std::less<>> exercised;
  for (std::uint64_t seed = 1; seed != 60; ++seed) {
    const auto result = run_hashed(scenario::draw(seed, fault_profile::swarm));
    EXPECT_TRUE(result.passed()) << "kodama replay " << seed << ": " << told(result);
    for (const auto& [promise, count] : result.exercised)
      exercised[promise] += count;
  }
  EXPECT_EQ(exercised.size(), 12U);
  for (const auto& [promise, count] : exercised)
    EXPECT_GT(count, 0U) << promise;
}

TEST(World, TellsTheSameStoryTwice) {
  for (std::uint64_t seed = 100; seed != 120; ++seed) {
    const auto what = scenario::draw(seed, fault_profile::swarm);
    EXPECT_EQ(run_hashed(what).trace_hash, run_hashed(what).trace_hash) << "seed " << seed;
  }
}

TEST(World, ReallyDeliversWhatIsPublished) {
  scenario what;
  what.users = 2;
  what.heal_at = 1s;
  what.end_at = 60s;
  what.operations = {{0s, 0, kind::connect},
                     {0s, 1, kind::connect},
                     {1s, 1, kind::subscribe},
                     {2s, 0, kind::publish, 0, 3, 10}};
  trace history{trace::keep::text};
  const auto result = run(what, history);
  EXPECT_TRUE(result.passed()) << told(result);
  const auto& records = history.records();
  EXPECT_EQ(std::count_if(records.begin(), records.end(),
                          [](const auto& record) { return record.kind == "user.receives"; }),
            3);
}

TEST(World, DeliversByAFilterWhatItMatches) {
  scenario what;
  what.users = 2;
  what.topics = 2;
  what.heal_at = 1s;
  what.end_at = 60s;
  const auto by_name = [](duration at, kind does, std::string filter) {
    operation made{at, 1, does};
    made.name = std::move(filter);
    return made;
  };
  what.operations = {{0s, 0, kind::connect},
                     {0s, 1, kind::connect},
                     by_name(1s, kind::subscribe, "topic/+"),
                     by_name(1s, kind::subscribe, "+/1"),
                     {2s, 0, kind::publish, 0, 3, 10},
                     {3s, 0, kind::publish_unreliable, 1, 2, 10},
                     by_name(4s, kind::unsubscribe, "topic/+"),
                     {5s, 0, kind::publish, 0, 3, 10},
                     {6s, 0, kind::publish, 1, 1, 10}};
  trace history{trace::keep::text};
  const auto result = run(what, history);
  EXPECT_TRUE(result.passed()) << told(result);
  const auto& records = history.records();
  EXPECT_EQ(std::count_if(records.begin(), records.end(),
                          [](const auto& record) { return record.kind == "user.receives"; }),
            6);
}

// Whoever lowers `users` by hand, or takes the intruders out, need not look for their strikes.
TEST(World, LeavesOutStrikesOnWhoIsNotThere) {
  scenario nobody;
  nobody.users = 2;
  nobody.heal_at = nobody.plan.heal_at = 5s;
  nobody.end_at = 20s;
  const auto undisturbed = run_hashed(nobody).trace_hash;
  for (const auto host : {host_of(2), host_of(5), host_of(mqtt_user_base - 1),
                          host_of(mqtt_user_base), host_of(mqtt_user_base + 1)})
    for (const auto kind :
         {fault_kind::black_hole, fault_kind::new_address, fault_kind::udp_blocked,
          fault_kind::udp_blocked_to_host, fault_kind::udp_blocked_from_host,
          fault_kind::udp_nat_port, fault_kind::client_pause}) {
      auto what = nobody;
      what.strikes = {{kind, host, 1s, 1s, 0}};
      const auto result = run_hashed(what);
      EXPECT_EQ(result.trace_hash, undisturbed) << to_text(what);
      EXPECT_EQ(result.faults.struck(kind), 0) << to_text(what);
    }
  auto with_intruder = nobody;
  with_intruder.intruders = 1;
  with_intruder.strikes = {{fault_kind::black_hole, host_of(2), 1s, 1s, 0}};
  EXPECT_EQ(run_hashed(with_intruder).faults.struck(fault_kind::black_hole), 1);
}

TEST(World, CountsAndTellsOnlyFaultsThatStruckSomething) {
  constexpr std::array kinds{fault_kind::client_pause,       fault_kind::client_kill,
                             fault_kind::client_kill_forget, fault_kind::client_flood,
                             fault_kind::client_malformed,   fault_kind::client_slow_reader};
  constexpr std::array people{host_of(0), host_of(mqtt_user_base)};
  scenario what;
  what.mqtt.resize(1);
  what.heal_at = what.plan.heal_at = 30s;
  what.end_at = what.end_needed();
  duration at = 1s;
  for (const auto kind : kinds)
    for (const auto host : people)
      what.strikes.push_back({kind, host, at += 1s, 100ms, 0});
  what.strikes.push_back({fault_kind::client_second_copy, host_of(0), at += 1s, {}, 0});
  const auto struck_in = [&] {
    trace history{trace::keep::text};
    auto result = run(what, history);
    const auto& records = history.records();
    const auto told = std::count_if(records.begin(), records.end(), [](const auto& each) {
      return each.kind == "fault" && !each.text.empty();
    });
    EXPECT_TRUE(result.passed()) << ::kodama::sim::told(result);
    return std::pair{result.faults, told};
  };
  const auto [nobody_there, told_of_nobody] = struck_in();
  for (const auto kind : kinds)
    EXPECT_EQ(nobody_there.struck(kind), 0) << to_string(kind);
  EXPECT_EQ(nobody_there.struck(fault_kind::client_second_copy), 0);
  EXPECT_EQ(told_of_nobody, 0);
  what.operations = {{0s, 0, kind::connect}, {0s, mqtt_user_base, kind::connect}};
  const auto [struck, told_of_them] = struck_in();
  for (const auto kind : kinds)
    EXPECT_EQ(struck.struck(kind), 2) << to_string(kind);
  EXPECT_EQ(struck.struck(fault_kind::client_second_copy), 1);
  EXPECT_EQ(told_of_them, static_cast<std::ptrdiff_t>(what.strikes.size()));
}

TEST(World, RestartsNoServerThatIsDown) {
  scenario what;
  what.heal_at = what.plan.heal_at = 10s;
  what.end_at = what.end_needed();
  what.strikes = {{fault_kind::server_restart, host_id{0}, 1s, 3s, 0},
                  {fault_kind::server_restart, host_id{0}, 2s, 3s, 0}};
  EXPECT_EQ(run_hashed(what).faults.struck(fault_kind::server_restart), 1);
}

rc::Gen<operation> any_operation(std::uint32_t users, std::uint32_t topics) {
  return rc::gen::build<operation>(
      rc::gen::set(&operation::at, rc::gen::map(rc::gen::inRange(0, 20'000),
                                                [](int ms) { return duration{ms * 1ms}; })),
      rc::gen::set(&operation::user, rc::gen::inRange(0U, users)),
      rc::gen::set(&operation::what,
                   rc::gen::element(kind::connect, kind::disconnect, kind::subscribe,
                                    kind::unsubscribe, kind::publish, kind::publish_unreliable,
                                    kind::watch, kind::unwatch, kind::list)),
      rc::gen::set(&operation::topic, rc::gen::inRange(0U, topics)),
      rc::gen::set(&operation::count, rc::gen::inRange(1U, 20U)),
      rc::gen::set(&operation::size, rc::gen::inRange(0U, 200U)));
}

rc::Gen<timed_fault> any_strike(std::uint32_t users) {
  const auto can_be_written = [](const timed_fault& what) {
    return may_strike(what.kind, what.host);
  };
  const auto any = rc::gen::build<timed_fault>(
      rc::gen::set(&timed_fault::kind,
                   rc::gen::element(fault_kind::tcp_reset, fault_kind::tcp_half_open,
                                    fault_kind::black_hole, fault_kind::new_address,
                                    fault_kind::client_pause, fault_kind::client_kill_forget,
                                    fault_kind::client_slow_reader, fault_kind::server_restart,
                                    fault_kind::client_second_copy, fault_kind::udp_nat_port,
                                    fault_kind::clock_leap)),
      rc::gen::set(&timed_fault::host, rc::gen::map(rc::gen::inRange(0U, users + 1),
                                                    [](auto n) { return host_id{n}; })),
      rc::gen::set(&timed_fault::at, rc::gen::map(rc::gen::inRange(0, 20'000),
                                                  [](int ms) { return duration{ms * 1ms}; })),
      rc::gen::set(&timed_fault::lasts, rc::gen::map(rc::gen::inRange(0, 3'000),
                                                     [](int ms) { return duration{ms * 1ms}; })),
      rc::gen::set(&timed_fault::draw, rc::gen::arbitrary<std::uint64_t>()));
  return rc::gen::suchThat(any, can_be_written);
}

// The scenario is the generated value: a failure shrinks to the operations and strikes it needs,
// and is printed as a file that `kodama replay` takes.
RC_GTEST_PROP(World, KeepsEveryPromiseInWhateverScenario, ()) {
  scenario what;
  what.seed = *rc::gen::arbitrary<std::uint64_t>();
  what.users = 3;
  what.topics = 2;
  what.keepalive = 3s;
  what.resume_window = 20s;
  what.heal_at = 20s;
  what.plan.heal_at = what.heal_at;
  what.end_at = what.heal_at + what.liveness_bound() + 1s;
  what.operations = *rc::gen::container<std::vector<operation>>(any_operation(3, 2));
  what.strikes = *rc::gen::container<std::vector<timed_fault>>(any_strike(3));
  const auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
  std::stable_sort(what.operations.begin(), what.operations.end(), by_time);
  std::stable_sort(what.strikes.begin(), what.strikes.end(), by_time);

  const auto result = run_hashed(what);
  if (!result.passed())
    RC_FAIL(told(result) + "\nkodama replay FILE, with this in FILE:\n" + to_text(what));
}

} // namespace
} // namespace kodama::sim
