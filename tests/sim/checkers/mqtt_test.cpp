#include "mqtt_story.hpp"

namespace kodama::sim::checkers {
namespace {

TEST_F(MqttChecker, AcceptsAFlawlessStory) {
  connect(alice, with_will(alice, 2), false);
  connect(bob);
  subscribe(bob, "#");
  publish(some, qos::exactly_once);
  deliver(bob, some, qos::exactly_once);
  judge.on_mqtt_completed(step(), alice, some, reason_code::success);
  detach(bob);
  publish(other);
  connect(bob, true);
  deliver(bob, other, qos::at_least_once, 2);
  detach(alice);
  pass(2s);
  sequence({will_base, 1});
  deliver(bob, {will_base, 1}, qos::at_least_once, 3);
  unsubscribe(bob, "#");
  publish({alice, 3});
  end({bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, MissesWhatNeverArrives) {
  connect(bob);
  subscribe(bob, "#");
  publish(some);
  end({bob});
  EXPECT_TRUE(breaks(judge, {"mqtt 1 never received mqtt0#1", "MQTT-4.3.2-1"}));
}

TEST_F(MqttChecker, MissesNothingOfASessionThatWasLost) {
  connect(bob, false, 0);
  subscribe(bob, "#");
  publish(some);
  detach(bob);
  judge.on_mqtt_ended(step(), bob);
  connect(bob);
  end({bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, RefusesAnOlderMessageWithoutAGuaranteeAfterANewerOne) {
  connect(bob);
  subscribe(bob, "#");
  for (const std::uint32_t number : {1, 2})
    judge.on_published(step(), 0, {1, 8}, room, {0, number}, false);
  deliver(bob, {0, 2}, qos::at_most_once);
  deliver(bob, {0, 1}, qos::at_most_once);
  EXPECT_TRUE(
      breaks(judge, {"0#1, published at QoS 0, goes out", "after number 2", "MQTT-4.6.0-5"}));
}

TEST_F(MqttChecker, AllowsWhatAnEarlierSessionOfANativePublisherSaidLate) {
  connect(bob);
  subscribe(bob, "#");
  for (const std::uint32_t number : {1, 2})
    judge.on_published(step(), 0, {1, 8 + number}, room, {0, number}, false);
  deliver(bob, {0, 2}, qos::at_most_once);
  deliver(bob, {0, 1}, qos::at_most_once);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, CountsWhatIsReceivedAtQos2) {
  connect(bob);
  subscribe(bob, "#");
  publish(some, qos::exactly_once);
  deliver(bob, some, qos::exactly_once);
  judge.on_mqtt_received(step(), bob, {room, some, qos::exactly_once, false});
  EXPECT_TRUE(breaks(judge, {"received mqtt0#1", "2 times", "MQTT-4.3.3-2"}));
}

TEST_F(MqttChecker, AllowsAPublishOfQos2TakenByTwoSessions) {
  connect(alice);
  publish(some, qos::exactly_once);
  detach(alice);
  judge.on_mqtt_ended(now += 60s, alice);
  connect(alice);
  sequence(some);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, AllowsAPublishOfQos2TakenAlsoAtTheInstantAtWhichItsSessionEnds) {
  connect(alice);
  judge.on_mqtt_published(step(), alice, {room, some, qos::exactly_once, false}, 0);
  detach(alice);
  judge.on_mqtt_ended(now += 60s, alice);
  judge.on_mqtt_heard(now, ++last_link, asking(alice, 60));
  judge.on_mqtt_attached(now, alice, last_link, false);
  judge.on_sequenced(now, room, {1, 7}, ++last_sequence, some); // it had been on its way
  sequence(some);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, RefusesAPublishOfQos2TakenTwice) {
  connect(alice);
  publish(some, qos::exactly_once);
  sequence(some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1", "taken twice", "MQTT-4.3.3-10"}));
}

TEST_F(MqttChecker, AllowsAPublishOfQos1TakenTwice) {
  connect(bob);
  subscribe(bob, "#");
  publish(some);
  sequence(some);
  deliver(bob, some);
  deliver(bob, some);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, RefusesAnAcknowledgementBeforeTheTopicHasIt) {
  judge.on_mqtt_published(step(), alice, {room, some, qos::at_least_once, false}, 0);
  judge.on_mqtt_completed(step(), alice, some, reason_code::success);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 is acknowledged", "has not sequenced it"}));
}

TEST_F(MqttChecker, RefusesARepetitionOnOneConnection) {
  connect(bob);
  subscribe(bob, "#");
  publish(some);
  deliver(bob, some);
  deliver(bob, some, qos::at_least_once, 2);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 1 once more", "MQTT-4.6.0-6"}));
}

TEST_F(MqttChecker, RefusesAWrongOrder) {
  connect(bob);
  subscribe(bob, "#");
  publish(some);
  publish(other);
  deliver(bob, other);
  deliver(bob, some, qos::at_least_once, 2);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1", "sequenced later"}));
}

TEST_F(MqttChecker, RefusesAWrongOrderOfOnePublisher) {
  judge.on_mqtt_published(step(), alice, {room, some, qos::at_least_once, false}, 0);
  publish(other);
  sequence(some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 was sequenced", "after number 2", "MQTT-4.6.0-5"}));
}

TEST_F(MqttChecker, RefusesWhatNoSubscriptionMatches) {
  connect(bob);
  subscribe(bob, "+/room");
  publish(some);
  deliver(bob, some);
  EXPECT_TRUE(breaks(judge, {"no subscription that matches"}));
}

TEST_F(MqttChecker, RefusesWhatIsNewAfterUnsuback) {
  connect(bob);
  subscribe(bob, "#");
  unsubscribe(bob, "#");
  publish(some);
  deliver(bob, some);
  EXPECT_TRUE(breaks(judge, {"no subscription that matches", "MQTT-3.10.4-3"}));
}

TEST_F(MqttChecker, RefusesAnUpgrade) {
  connect(bob);
  subscribe(bob, "#", qos::at_least_once);
  publish(some, qos::exactly_once);
  deliver(bob, some, qos::exactly_once);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1", "at QoS 2, but granted was 1", "MQTT-3.8.4-8"}));
}

TEST_F(MqttChecker, RefusesItsOwnWithNoLocal) {
  connect(alice);
  mq::subscription how;
  how.no_local = true;
  subscribe(alice, "#", qos::exactly_once, how);
  publish(some);
  deliver(alice, some);
  EXPECT_TRUE(breaks(judge, {"goes back to mqtt 0", "MQTT-3.8.3-3"}));
}

TEST_F(MqttChecker, RefusesASessionThatIsLostTooSoon) {
  connect(bob);
  detach(bob);
  pass(10s);
  connect(bob, false);
  EXPECT_TRUE(breaks(judge, {"mqtt 1 is gone", "MQTT-3.1.2-5"}));
}

TEST_F(MqttChecker, RefusesASessionThatNeverExpires) {
  connect(bob, false, 3);
  detach(bob);
  pass(10s);
  connect(bob, true);
  EXPECT_TRUE(breaks(judge, {"mqtt 1 goes on after", "MQTT-4.1.0-2"}));
}

TEST_F(MqttChecker, RefusesASessionAfterACleanStart) {
  connect(bob);
  detach(bob);
  auto asked = asking(bob, 60);
  asked.clean_start = true;
  connect(bob, asked, true);
  EXPECT_TRUE(breaks(judge, {"clean start", "MQTT-3.1.2-4"}));
}

TEST_F(MqttChecker, RefusesATakeoverThatLeavesTheOldConnection) {
  connect(bob);
  judge.on_mqtt_detached(step(), bob, reason_code::session_taken_over);
  connect(bob, true);
  end({});
  EXPECT_TRUE(breaks(judge, {"is still open", "MQTT-3.1.4-3"}));
}

TEST_F(MqttChecker, RefusesATakeoverWithoutAWord) {
  connect(bob);
  judge.on_mqtt_detached(step(), bob, reason_code::session_taken_over);
  judge.on_mqtt_closed(step(), links[bob]);
  connect(bob, true);
  end({});
  EXPECT_TRUE(breaks(judge, {"was not told so (0x8E)"}));
}

} // namespace
} // namespace kodama::sim::checkers
