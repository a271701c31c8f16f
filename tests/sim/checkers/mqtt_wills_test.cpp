#include "mqtt_story.hpp"

namespace kodama::sim::checkers {
namespace {

TEST_F(MqttChecker, RefusesAWillAfterDisconnect) {
  connect(alice, with_will(alice), false);
  says_goodbye(alice);
  sequence({will_base, 1});
  EXPECT_TRUE(breaks(judge, {"will0#1 of mqtt 0 is published", "MQTT-3.14.4-3"}));
}

TEST_F(MqttChecker, RefusesAWillOfALivingConnection) {
  connect(alice, with_will(alice), false);
  sequence({will_base, 1});
  EXPECT_TRUE(breaks(judge, {"its connection lives"}));
}

TEST_F(MqttChecker, RefusesAWillBeforeItsTime) {
  connect(alice, with_will(alice, 10), false);
  detach(alice);
  sequence({will_base, 1});
  EXPECT_TRUE(breaks(judge, {"before its Will Delay Interval"}));
}

TEST_F(MqttChecker, RefusesAWillOfASessionThatGoesOn) {
  connect(alice, with_will(alice, 10), false);
  detach(alice);
  connect(alice, true);
  pass(10s);
  sequence({will_base, 1});
  EXPECT_TRUE(breaks(judge, {"came back before the Will Delay Interval"}));
}

TEST_F(MqttChecker, RefusesAWillTwice) {
  connect(alice, with_will(alice), false);
  detach(alice);
  sequence({will_base, 1});
  sequence({will_base, 1});
  EXPECT_TRUE(breaks(judge, {"for the 2th time"}));
}

TEST_F(MqttChecker, MissesAWill) {
  connect(alice, with_will(alice), false);
  detach(alice);
  end({});
  EXPECT_TRUE(breaks(judge, {"will0#1 of mqtt 0 was never published", "MQTT-3.1.2-8"}));
}

TEST_F(MqttChecker, AcceptsARetainedMessageAndRefusesAStaleOne) {
  publish(some, qos::at_least_once, true);
  pass(1s);
  connect(bob);
  subscribe(bob, "#");
  deliver(bob, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(holds(judge));
  publish(other, qos::at_least_once, true);
  pass(1s);
  connect(alice);
  subscribe(alice, "#");
  deliver(alice, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"had been replaced or cleared", "MQTT-3.3.1-5"}));
}

TEST_F(MqttChecker, RefusesWhatWasCleared) {
  publish(some, qos::at_least_once, true);
  judge.on_mqtt_published(step(), alice, {room, empty_message, qos::at_least_once, true}, 0);
  sequence(empty_message);
  pass(1s);
  connect(bob);
  subscribe(bob, "#");
  deliver(bob, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"had been replaced or cleared"}));
}

TEST_F(MqttChecker, RefusesRetainOnWhatFlowsBy) {
  connect(bob);
  mq::subscription how;
  how.retain_handling = mq::retain_handling::never;
  subscribe(bob, "#", qos::exactly_once, how);
  publish(some, qos::at_least_once, true);
  deliver(bob, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"with RETAIN, but no subscription", "MQTT-3.3.1-12"}));
}

/// Bob connects; a topic has retained a message for long.
struct MqttCheckerOfRetained : MqttChecker {
  void SetUp() override {
    MqttChecker::SetUp();
    publish(some, qos::at_least_once, true);
    pass(1s);
    connect(bob);
  }
  /// So that what follows happens within the time that the topic may take to hear of it.
  void subscribe_just_now() {
    ask(bob, "#");
    grant(bob);
  }
  testing::AssertionResult misses(std::string_view message) {
    end({bob});
    return breaks(judge, {message, "MQTT-3.3.1-9"});
  }
};

TEST_F(MqttCheckerOfRetained, MissesIt) {
  subscribe(bob, "#");
  EXPECT_TRUE(misses("mqtt 1 never received mqtt0#1"));
}

TEST_F(MqttCheckerOfRetained, AllowsOneInThePlaceOfOneThatIsJustReplaced) {
  subscribe_just_now();
  publish(other, qos::at_least_once, true);
  deliver(bob, other, qos::at_least_once, 1, false, true);
  end({bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttCheckerOfRetained, MissesOneThatWasReplacedLater) {
  subscribe(bob, "#");
  publish(other, qos::at_least_once, true);
  deliver(bob, other, qos::at_least_once, 1);
  EXPECT_TRUE(misses("mqtt 1 never received mqtt0#1"));
}

TEST_F(MqttCheckerOfRetained, MissesOneWhoseReplacementOnlyFlowedBy) {
  subscribe_just_now();
  publish(other, qos::at_least_once, true);
  deliver(bob, other, qos::at_least_once, 1);
  EXPECT_TRUE(misses("mqtt 1 never received mqtt0#1"));
}

TEST_F(MqttCheckerOfRetained, MissesOneInSpiteOfAnEarlierOne) {
  subscribe(bob, "#");
  deliver(bob, some, qos::at_least_once, 1, false, true);
  unsubscribe(bob, "#");
  publish(other, qos::at_least_once, true);
  sequence(some); // a repetition of QoS 1
  sequence(other);
  pass(1s);
  subscribe(bob, "#");
  EXPECT_TRUE(misses("mqtt 1 never received mqtt0#2"));
}

TEST_F(MqttCheckerOfRetained, MissesOneThatFlowedByBefore) {
  subscribe(bob, "#");
  deliver(bob, some, qos::at_least_once, 1, false, true);
  publish(other, qos::at_least_once, true);
  deliver(bob, other, qos::at_least_once, 2);
  pass(1s);
  subscribe(bob, "#");
  EXPECT_TRUE(misses("mqtt 1 never received mqtt0#2"));
}

TEST_F(MqttCheckerOfRetained, MissesOneThatAYoungerMessageHasOvertaken) {
  subscribe(bob, "#");
  judge.on_healed(step());
  pass(30s);
  publish(other, qos::at_most_once);
  deliver(bob, other, qos::at_most_once);
  judge.on_mqtt_end(step(), {bob});
  EXPECT_TRUE(breaks(judge, {"mqtt 1 never received mqtt0#1", "MQTT-3.3.1-9"}));
}

TEST_F(MqttCheckerOfRetained, WaitsForOneBehindAnOlderMessage) {
  mq::subscription how;
  how.retain_handling = mq::retain_handling::never;
  subscribe(bob, room, qos::at_least_once, how);
  publish(other);
  subscribe(bob, "#");
  judge.on_healed(step());
  pass(30s);
  deliver(bob, other);
  judge.on_mqtt_end(step(), {bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttCheckerOfRetained, RefusesOneOftenerThanItWasAskedFor) {
  subscribe(bob, "#");
  subscribe(bob, "+/#");
  deliver(bob, some, qos::at_least_once, 1, false, true);
  deliver(bob, some, qos::at_least_once, 2, false, true);
  EXPECT_TRUE(holds(judge));
  deliver(bob, some, qos::at_least_once, 3, false, true);
  EXPECT_TRUE(breaks(
      judge, {"as a retained message 3 times, but that was asked for 2 times", "MQTT-3.3.1-9"}));
}

TEST_F(MqttCheckerOfRetained, RefusesWhatThePersonHadReplacedBefore) {
  const message_tag own{bob, 1};
  judge.on_mqtt_published(step(), bob, {room, own, qos::at_least_once, true}, 0);
  hear(bob, sending(own, qos::at_least_once, 5, false, true));
  subscribe_just_now();
  deliver(bob, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(
      breaks(judge, {"but they had replaced it themselves before they asked", "MQTT-3.3.1-5"}));
}

TEST_F(MqttCheckerOfRetained, AllowsWhatCameAfterThePersonsOwn) {
  const message_tag own{bob, 1};
  judge.on_mqtt_published(step(), bob, {room, own, qos::at_least_once, true}, 0);
  hear(bob, sending(own, qos::at_least_once, 5, false, true));
  sequence(own);
  publish(other, qos::at_least_once, true);
  subscribe_just_now();
  deliver(bob, other, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttCheckerOfRetained, AllowsItWhereItWasAskedForBefore) {
  const message_tag own{bob, 1};
  ask(bob, "#");
  judge.on_mqtt_published(step(), bob, {room, own, qos::at_least_once, true}, 0);
  hear(bob, sending(own, qos::at_least_once, 5, false, true));
  ask(bob, room);
  deliver(bob, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttCheckerOfRetained, OwesNoneThatIsJustCleared) {
  subscribe_just_now();
  judge.on_mqtt_published(step(), alice, {room, empty_message, qos::at_least_once, true}, 0);
  sequence(empty_message);
  end({bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttCheckerOfRetained, MissesBothItAndTheOneThatReplacedIt) {
  subscribe_just_now();
  publish(other, qos::at_least_once, true);
  EXPECT_TRUE(misses("mqtt 1 never received mqtt0#1"));
}

TEST_F(MqttChecker, AllowsARetainedMessageAtTheQosOfASubscriptionThatReplacesTheFirst) {
  publish(some, qos::exactly_once, true);
  pass(1s);
  connect(bob);
  ask(bob, "#", qos::at_most_once, {}, 8);
  mq::subscription how;
  how.retain_handling = mq::retain_handling::never;
  ask(bob, "#", qos::exactly_once, how);
  deliver(bob, some, qos::exactly_once, 1, false, true);
  EXPECT_TRUE(holds(judge));
}

/// Their SUBACKs went down with the connection: unanswered is not refused, also after UNSUBACK.
TEST_F(MqttChecker, AllowsARetainedMessageAtTheQosOfAnUnansweredSubscription) {
  publish(some, qos::exactly_once, true);
  pass(1s);
  connect(bob);
  ask(bob, "#", qos::at_most_once, {}, 7);
  ask(bob, "#", qos::exactly_once, {}, 9);
  detach(bob);
  connect(bob, true);
  unsubscribe(bob, "#");
  deliver(bob, some, qos::exactly_once, 1, false, true);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttChecker, RefusesARetainedMessageAtTheQosOfARefusedSubscription) {
  publish(some, qos::exactly_once, true);
  pass(1s);
  connect(bob);
  ask(bob, "#", qos::at_most_once, {}, 7);
  ask(bob, "#", qos::exactly_once, {}, 9);
  say(bob, mq::suback{9, {reason_code::not_authorized}, {}});
  deliver(bob, some, qos::exactly_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"goes out to mqtt 1 at QoS 2, which is granted by none", "3.8.4-8"}));
}

TEST_F(MqttChecker, RefusesARetainedMessageAtTheQosOfASubscriptionMadeMuchLater) {
  publish(some, qos::exactly_once, true);
  pass(1s);
  connect(bob);
  subscribe(bob, "#", qos::at_most_once);
  mq::subscription how;
  how.retain_handling = mq::retain_handling::never;
  subscribe(bob, "#", qos::exactly_once, how);
  deliver(bob, some, qos::exactly_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"goes out to mqtt 1 at QoS 2, which is granted by none", "3.8.4-8"}));
}

TEST_F(MqttChecker, RefusesARetainedMessageAtTheQosOfAnEarlierSubscription) {
  publish(some, qos::exactly_once, true);
  pass(1s);
  connect(bob);
  mq::subscription how;
  how.retain_handling = mq::retain_handling::never;
  subscribe(bob, "#", qos::exactly_once, how);
  subscribe(bob, "#", qos::at_most_once);
  deliver(bob, some, qos::exactly_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"goes out to mqtt 1 at QoS 2, which is granted by none", "3.8.4-8"}));
}

TEST_F(MqttChecker, RefusesMoreThanTheReceiveMaximum) {
  auto asked = asking(bob, 60);
  asked.properties.receive_maximum = 1;
  connect(bob, asked, false);
  subscribe(bob, "#");
  publish(some);
  publish(other);
  say(bob, sending(some, qos::at_least_once, 1));
  say(bob, sending(other, qos::at_least_once, 2));
  EXPECT_TRUE(breaks(judge, {"2 publishes are under way", "Receive Maximum is 1"}));
}

TEST_F(MqttChecker, RefusesAnIdentifierInUse) {
  connect(bob);
  subscribe(bob, "#");
  publish(some);
  publish(other);
  say(bob, sending(some, qos::at_least_once, 1));
  say(bob, sending(other, qos::at_least_once, 1));
  EXPECT_TRUE(breaks(judge, {"identifier 1 of mqtt0#1 is in use", "mqtt0#2", "MQTT-2.2.1-4"}));
}

TEST_F(MqttChecker, RefusesARepetitionWithoutDup) {
  connect(bob);
  subscribe(bob, "#");
  publish(some);
  say(bob, sending(some, qos::at_least_once, 1));
  detach(bob);
  connect(bob, true);
  say(bob, sending(some, qos::at_least_once, 1));
  EXPECT_TRUE(breaks(judge, {"goes out again as 1 without DUP", "MQTT-3.3.1-1"}));
}

TEST_F(MqttChecker, RefusesAPublishAfterItsPubrel) {
  connect(bob);
  subscribe(bob, "#");
  publish(some, qos::exactly_once);
  say(bob, sending(some, qos::exactly_once, 1));
  hear(bob, mq::pubrec{1, reason_code::success, {}});
  say(bob, mq::pubrel{1, reason_code::success, {}});
  detach(bob);
  connect(bob, true);
  say(bob, sending(some, qos::exactly_once, 1, true));
  EXPECT_TRUE(breaks(judge, {"after its PUBREL", "MQTT-4.3.3-6"}));
}

TEST_F(MqttChecker, RefusesAnswersInTheWrongOrder) {
  connect(alice);
  hear(alice, sending(some, qos::at_least_once, 1));
  hear(alice, sending(other, qos::at_least_once, 2));
  say(alice, mq::puback{2, reason_code::success, {}});
  EXPECT_TRUE(breaks(judge, {"PUBACK 2", "due, which is 1", "MQTT-4.6.0-2"}));
}

TEST_F(MqttChecker, MissesAnAcknowledgement) {
  connect(alice);
  publish(some);
  end({alice});
  EXPECT_TRUE(breaks(judge, {"never heard of its publish mqtt0#1", "MQTT-4.4.0-1"}));
}

TEST_F(MqttChecker, MissesAPersonWhoDoesNotComeBack) {
  connect(alice);
  detach(alice);
  end({alice});
  EXPECT_TRUE(breaks(judge, {"mqtt 0 is not connected"}));
}

} // namespace
} // namespace kodama::sim::checkers
