#include "mqtt_story.hpp"

#include <utility>

namespace kodama::sim::checkers {
namespace {

/// What was published goes out to Bob, who was away meanwhile, with a Message Expiry Interval.
struct MqttExpiry : MqttChecker {
  template <class Publish>
  void deliver(Publish&& publishes, std::uint32_t told) {
    connect(bob);
    subscribe(bob, "#");
    detach(bob);
    std::forward<Publish>(publishes)();
    connect(bob, true);
    auto what = sending(some, qos::at_least_once, 1);
    what.properties.message_expiry_interval = told;
    say(bob, what);
  }
  void deliver_after(duration wait, std::uint32_t told, std::uint32_t expiry) {
    deliver(
        [&] {
          publish(some, qos::at_least_once, false, expiry);
          pass(wait);
        },
        told);
  }
};

TEST_F(MqttExpiry, RefusesWhatHasExpired) {
  deliver_after(10s, 0, 2);
  EXPECT_TRUE(breaks(judge, {"has expired after 2000000", "MQTT-3.3.2-5"}));
}

TEST_F(MqttExpiry, RefusesAnIntervalThatStandsStill) {
  deliver_after(10s, 20, 20);
  EXPECT_TRUE(breaks(judge, {"says that 20000000", "MQTT-3.3.2-6"}));
}

TEST_F(MqttExpiry, RefusesAnIntervalThatRunsTwiceAsFast) {
  deliver_after(8s, 4, 20);
  EXPECT_TRUE(breaks(judge, {"says that 4000000", "MQTT-3.3.2-6"}));
}

/// The server that got it was stopped before its topic saw it.
TEST_F(MqttExpiry, CountsFromWhenTheServerMayHaveGotTheMessage) {
  deliver(
      [&] {
        judge.on_mqtt_published(step(), some.user, {room, some, qos::at_least_once, false}, 9);
        pass(6s);
        sequence(some);
      },
      3);
  EXPECT_TRUE(holds(judge));
}

} // namespace
} // namespace kodama::sim::checkers
