#include "sim/mqtt_user.hpp"

#include "sim/simpler.hpp"
#include "tests/sim/told_scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

operation step(duration at, user_id who, kind what, std::uint32_t qos = 0) {
  operation made;
  made.at = at;
  made.user = who;
  made.what = what;
  made.qos = qos;
  return made;
}

constexpr user_id first = mqtt_user_base;

/// A native user and a person with an MQTT client in one room; the latter goes through a tunnel.
scenario mixed() {
  scenario what;
  what.seed = 1;
  what.users = 1;
  what.mqtt.resize(1);
  what.keepalive = 3s;
  what.udp = false;
  what.heal_at = what.plan.heal_at = 8s;
  what.operations = {step(0s, 0, kind::connect),        step(0s, first, kind::connect),
                     step(1s, 0, kind::subscribe),      step(1s, first, kind::subscribe, 2),
                     step(2s, first, kind::publish, 1), step(3s, 0, kind::publish),
                     step(4s, first, kind::disconnect), step(5s, 0, kind::publish),
                     step(6s, first, kind::connect)};
  what.strikes = {{fault_kind::black_hole, host_of(first), 2500ms, 1s, 1}};
  what.end_at = what.end_needed();
  return what;
}

TEST(MqttUser, SharesTopicsWithNativeOnes) {
  const auto in = told(mixed());
  EXPECT_TRUE(in.breaches.empty());
  const auto has = [&](std::string_view text) {
    return std::any_of(in.events.begin(), in.events.end(),
                       [&](const auto& each) { return each.text.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(has("receives mqtt0#1 of topic/0, number 1"));
  EXPECT_TRUE(has("receives 0#1 of topic/0 at QoS 2"));
  EXPECT_TRUE(has("receives 0#2 of topic/0 at QoS 2")) << "what came while it was away";
  EXPECT_TRUE(has("CONNACK: the session is present"));
  EXPECT_TRUE(has("PUBLISH 0#1 of topic/0, QoS 2"));
}

// 3.1.1 knows no DISCONNECT with a reason: the connection ends without one.
TEST(MqttUser, LeavesWithItsWillInEitherVersion) {
  for (const std::uint32_t version : {3U, 5U}) {
    auto what = mixed();
    what.mqtt[0].version = version;
    what.mqtt[0].will.emplace();
    for (auto& each : what.operations)
      each.with_will = each.what == kind::disconnect;
    const auto in = told(what);
    EXPECT_TRUE(in.breaches.empty());
    const auto has = [&](std::string_view text) {
      return std::any_of(in.events.begin(), in.events.end(), [&](const auto& each) {
        return each.text.find(text) != std::string::npos;
      });
    };
    EXPECT_TRUE(has("receives will0#1 of topic/0")) << "of version " << version;
  }
}

TEST(MqttUser, IsLeftOutByShrinkingLikeAnybody) {
  const auto what = mixed();
  ASSERT_EQ(count_of(what, part::user), 2);
  EXPECT_TRUE(without(what, part::user, 1, 1).mqtt.empty());
  const auto alone = without(what, part::user, 0, 1);
  EXPECT_EQ(alone.mqtt.size(), 1);
  EXPECT_EQ(alone.strikes.size(), 1);
  EXPECT_TRUE(std::all_of(alone.operations.begin(), alone.operations.end(),
                          [](const operation& each) { return each.user == first; }));
}

} // namespace
} // namespace kodama::sim
