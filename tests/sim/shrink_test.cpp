#include "sim/shrink.hpp"

#include "sim/simpler.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

/// Knows at once what fails: no world is run.
class invented_oracle final : public shrink_oracle {
public:
  using rule = std::function<bool(const scenario&)>;

  explicit invented_oracle(rule fails, std::uint64_t patience = 1'000'000)
      : fails_{std::move(fails)}
      , patience_{patience} {}

  std::optional<std::size_t> first_failing(std::span<const scenario> candidates) override {
    asked += candidates.size();
    const auto found = std::find_if(candidates.begin(), candidates.end(), fails_);
    if (found == candidates.end())
      return std::nullopt;
    return static_cast<std::size_t>(found - candidates.begin());
  }
  bool may_go_on() override {
    ++questions;
    return asked < patience_;
  }
  void on_smaller(const scenario& found, std::uint64_t) override { smaller.push_back(found); }

  std::vector<scenario> smaller;
  std::uint64_t asked = 0;
  std::uint64_t questions = 0;

private:
  rule fails_;
  std::uint64_t patience_;
};

std::size_t count_if(const scenario& in, const std::function<bool(const operation&)>& what) {
  return static_cast<std::size_t>(std::count_if(in.operations.begin(), in.operations.end(), what));
}

scenario any_scenario() {
  return scenario::draw(*rc::gen::inRange<std::uint64_t>(0, 100'000), fault_profile::swarm);
}

RC_GTEST_PROP(Shrink, LeavesNothingWhereEverythingFails, ()) {
  invented_oracle oracle{[](const scenario&) { return true; }};
  const auto made = shrink(any_scenario(), oracle);
  RC_ASSERT(made.is_done);
  scenario nothing;
  nothing.udp = false;
  nothing.end_at = nothing.end_needed();
  nothing.seed = made.smallest.seed; // it decides nothing any more
  RC_ASSERT(to_text(made.smallest) == to_text(nothing));
}

TEST(Shrink, LeavesOfAPersonWithAnMqttClientWhatMatters) {
  const auto fails = [](const scenario& what) {
    return std::any_of(what.operations.begin(), what.operations.end(), [&](const auto& each) {
      return each.user >= mqtt_user_base && each.qos == 2 && each.what == kind::publish;
    });
  };
  std::uint64_t seed = 1;
  while (!fails(scenario::draw(seed, fault_profile::swarm)))
    ++seed;
  invented_oracle oracle{fails};
  const auto made = shrink(scenario::draw(seed, fault_profile::swarm), oracle);
  EXPECT_EQ(made.smallest.mqtt, (std::vector<mqtt_person>(made.smallest.mqtt.size())));
  ASSERT_EQ(made.smallest.operations.size(), 1);
  const auto& left = made.smallest.operations.front();
  EXPECT_EQ(left, (operation{left.at, left.user, kind::publish, left.topic, 1, 0, 2}));
}

// What matters stays; all that does not is gone, and what is left has its simplest form.
TEST(Shrink, FindsTheThreeOperationsThatMatter) {
  const auto fails = [](const scenario& what) {
    std::size_t done = 0;
    for (const auto& each : what.operations) {
      if (done == 0 && each.what == kind::subscribe)
        done = 1;
      else if (done == 1 && each.what == kind::publish && each.count >= 2)
        done = 2;
      else if (done == 2 && each.what == kind::unsubscribe)
        done = 3;
    }
    return done == 3;
  };
  std::uint64_t seed = 1;
  const auto drawn = [&] { return scenario::draw(seed, fault_profile::swarm); };
  while (!drawn().mqtt.empty() || !fails(drawn()))
    ++seed;
  invented_oracle oracle{fails};
  const auto made = shrink(drawn(), oracle);
  EXPECT_EQ(to_text(made.smallest), "kodama scenario 1\n"
                                    "\n"
                                    "seed " +
                                        std::to_string(seed) +
                                        "\n"
                                        "users 1\n"
                                        "udp no\n"
                                        "\n"
                                        "# What happens when.\n"
                                        "do 0s user 0 subscribe topic 0\n"
                                        "do 1s user 0 publish topic 0 count 2\n"
                                        "do 2s user 0 unsubscribe topic 0\n");
}

TEST(Shrink, FindsTheOneStrikeAndTheOneChance) {
  const auto fails = [](const scenario& what) {
    return what.plan.udp.loss.of_65536 >= 6553 &&
           std::any_of(what.strikes.begin(), what.strikes.end(), [](const timed_fault& each) {
             return each.kind == fault_kind::black_hole && each.lasts > 400ms;
           });
  };
  const auto whole = scenario::draw(1, fault_profile::mobile);
  ASSERT_TRUE(fails(whole));
  invented_oracle oracle{fails};
  const auto made = shrink(whole, oracle).smallest;
  EXPECT_EQ(count_of(made, part::strike), 1U);
  EXPECT_EQ(count_of(made, part::chance), 1U);
  EXPECT_EQ(made.plan.udp.loss, probability::percent(10));
  EXPECT_TRUE(made.operations.empty());
  EXPECT_TRUE(fails(made));
}

TEST(Shrink, MakesOneUserOfSeveralWhereTheyNeedNotDiffer) {
  const auto fails = [](const scenario& what) {
    return count_if(what, [](const operation& each) { return each.what == kind::publish; }) >= 3;
  };
  const auto whole = scenario::draw(5, fault_profile::none);
  ASSERT_GE(whole.users, 2U);
  invented_oracle oracle{fails};
  const auto made = shrink(whole, oracle).smallest;
  EXPECT_EQ(made.users, 1U);
  EXPECT_EQ(made.topics, 1U);
  EXPECT_EQ(made.operations.size(), 3U);
}

// Each user is needed; their numbers are not.
TEST(Shrink, NumbersUsersAndTopicsWithoutGaps) {
  const auto fails = [](const scenario& what) {
    std::set<std::pair<user_id, std::uint32_t>> publishers;
    for (const auto& each : what.operations)
      if (each.what == kind::publish && each.topic == each.user)
        publishers.emplace(each.user, each.topic);
    return publishers.size() >= 2;
  };
  std::uint64_t seed = 1;
  while (!fails(scenario::draw(seed, fault_profile::none)))
    ++seed;
  invented_oracle oracle{fails};
  const auto made = shrink(scenario::draw(seed, fault_profile::none), oracle).smallest;
  EXPECT_EQ(made.operations.size(), 2U);
  EXPECT_TRUE(fails(made));
}

RC_GTEST_PROP(Shrink, OnlyEverGoesDown, ()) {
  const auto whole = any_scenario();
  const auto least = *rc::gen::inRange<std::size_t>(0, 12);
  invented_oracle oracle{[&](const scenario& what) { return what.operations.size() >= least; }};
  RC_PRE(whole.operations.size() >= least);
  const auto made = shrink(whole, oracle);
  auto cost = cost_of(whole);
  for (const auto& each : oracle.smaller) {
    RC_ASSERT(cost_of(each) < cost);
    cost = cost_of(each);
  }
  RC_ASSERT(made.smallest.operations.size() == least);
}

RC_GTEST_PROP(Shrink, KeepsTheBestWhenItsTimeIsUp, ()) {
  const auto whole = any_scenario();
  const auto fails = [](const scenario& what) { return what.operations.size() >= 3; };
  RC_PRE(fails(whole));
  invented_oracle oracle{fails, *rc::gen::inRange<std::uint64_t>(0, 200)};
  const auto made = shrink(whole, oracle);
  RC_ASSERT(fails(made.smallest));
  RC_ASSERT(made.smallest == (oracle.smaller.empty() ? whole : oracle.smaller.back()));
}

// A scenario of thousands of operations has thousands of simpler ones: to make them all before the
// first is tried takes memory and time, in which nobody would hear of an interrupt.
TEST(Shrink, MakesNoCandidateWithoutAskingForTime) {
  scenario whole;
  for (int i = 0; i != 300; ++i)
    whole.operations.push_back({i * 10ms, 0, kind::publish, 0, 1, 20});
  whole.end_at = whole.end_needed();
  invented_oracle oracle{[](const scenario&) { return false; }};
  EXPECT_TRUE(shrink(whole, oracle).is_done);
  EXPECT_GE(oracle.asked, 1000U);
  EXPECT_GE(oracle.questions, oracle.asked);
}

RC_GTEST_PROP(Shrink, ComesToTheSameEndTwice, ()) {
  const auto whole = any_scenario();
  const auto fails = [](const scenario& what) {
    return what.users >= 2 && what.operations.size() >= 4;
  };
  RC_PRE(fails(whole));
  invented_oracle one{fails};
  invented_oracle two{fails};
  RC_ASSERT(shrink(whole, one).smallest == shrink(whole, two).smallest);
}

// A candidate that fails by itself would be shrunk to something that means nothing.
RC_GTEST_PROP(Simpler, LeavesTimeForEverythingToArrive, ()) {
  auto drawn = any_scenario();
  drawn.operations.resize(std::min<std::size_t>(drawn.operations.size(), 20)); // enough, and quick
  drawn.strikes.resize(std::min<std::size_t>(drawn.strikes.size(), 5));
  const auto whole = tidied(std::move(drawn));
  const auto check = [&](const scenario& what) {
    RC_ASSERT(what.end_at >= std::min(whole.end_at, what.end_needed()));
    RC_ASSERT(what.keepalive == whole.keepalive || what.end_at == what.end_needed());
    for (const auto& each : what.strikes)
      RC_ASSERT(each.at + each.lasts <= what.heal_at);
    RC_ASSERT(what.plan.heal_at == what.heal_at);
    RC_ASSERT(std::is_sorted(what.operations.begin(), what.operations.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
    for (const auto& each : what.operations)
      RC_ASSERT(each.at >= 0s);
  };
  for (const auto ideas_about : {with_simpler_world, with_fewer_names, with_simpler_times})
    for (const auto& each : ideas_about(whole))
      check(each());
  for (const auto which : {part::user, part::topic, part::strike, part::chance, part::operation})
    if (const auto count = count_of(whole, which); count != 0) {
      const auto first = *rc::gen::inRange<std::size_t>(0, count);
      const auto made = without(whole, which, first, 2);
      RC_ASSERT(count_of(made, which) + std::min<std::size_t>(2, count - first) == count);
      check(made);
    }
}

} // namespace
} // namespace kodama::sim
