#include "mqtt_story.hpp"

namespace kodama::sim::checkers {
namespace {

TEST_F(MqttChecker, RefusesWhatHasExpired) {
  connect(bob);
  subscribe(bob, "#");
  detach(bob);
  publish(some, qos::at_least_once, false, 2);
  pass(10s);
  connect(bob, true);
  auto what = sending(some, qos::at_least_once, 1);
  what.properties.message_expiry_interval = 0;
  say(bob, what);
  EXPECT_TRUE(breaks(judge, {"has expired after 2000000", "MQTT-3.3.2-5"}));
}

TEST_F(MqttChecker, RefusesAnExpiryThatStandsStill) {
  connect(bob);
  subscribe(bob, "#");
  detach(bob);
  publish(some, qos::at_least_once, false, 20);
  pass(10s);
  connect(bob, true);
  auto what = sending(some, qos::at_least_once, 1);
  what.properties.message_expiry_interval = 20;
  say(bob, what);
  EXPECT_TRUE(breaks(judge, {"says that 20000000", "MQTT-3.3.2-6"}));
}

TEST_F(MqttChecker, RefusesAnExpiryThatRunsTwiceAsFast) {
  connect(bob);
  subscribe(bob, "#");
  detach(bob);
  publish(some, qos::at_least_once, false, 20);
  pass(8s);
  connect(bob, true);
  auto what = sending(some, qos::at_least_once, 1);
  what.properties.message_expiry_interval = 4;
  say(bob, what);
  EXPECT_TRUE(breaks(judge, {"says that 4000000", "MQTT-3.3.2-6"}));
}

/// The server that got it was stopped before its topic saw it.
TEST_F(MqttChecker, CountsAnExpiryFromWhenTheServerMayHaveGotTheMessage) {
  connect(bob);
  subscribe(bob, "#");
  detach(bob);
  judge.on_mqtt_published(step(), some.user, {room, some, qos::at_least_once, false}, 9);
  pass(6s);
  sequence(some);
  connect(bob, true);
  auto what = sending(some, qos::at_least_once, 1);
  what.properties.message_expiry_interval = 3;
  say(bob, what);
  EXPECT_TRUE(holds(judge));
}

} // namespace
} // namespace kodama::sim::checkers
