#include "mqtt_group_story.hpp"

namespace kodama::sim::checkers {
namespace {

TEST_F(MqttGroups, AcceptsEachMessageAtOneOfThem) {
  publish(some);
  deliver(bob, some);
  publish(other, qos::exactly_once);
  deliver(carol, other, qos::exactly_once);
  end({bob, carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, RefusesAMessageAtTwoOfThem) {
  publish(some);
  deliver(bob, some);
  deliver(carol, some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 2 by \"$share/one/#\"",
                             "had gone out to mqtt 1 at QoS 1", "[4.8.2]"}));
}

TEST_F(MqttGroups, RefusesAMessageTwiceAtOneOfThem) {
  publish(some);
  deliver(bob, some);
  deliver(bob, some, qos::at_least_once, 2);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 1 by", "[4.8.2]"}));
}

TEST_F(MqttGroups, RefusesQos0AtTwoOfThem) {
  publish(some, qos::at_most_once);
  deliver(bob, some, qos::at_most_once);
  deliver(carol, some, qos::at_most_once);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 2 by", "[4.8.2]"}));
}

TEST_F(MqttGroups, AllowsTwiceWhatWasPublishedTwice) {
  publish(some);
  sequence(some);
  deliver(bob, some);
  deliver(carol, some);
  end({bob, carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, AllowsAnotherGroupItsOwnCopy) {
  connect(alice);
  subscribe(alice, "$share/two/#");
  publish(some);
  deliver(bob, some);
  deliver(alice, some);
  judge.on_mqtt_completed(step(), alice, some, reason_code::success);
  end({alice, bob, carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, MissesWhatNobodyGets) {
  publish(some);
  end({bob, carol});
  EXPECT_TRUE(breaks(
      judge, {"mqtt0#1, sequenced at", "never reached anybody of \"$share/one/#\"", "[4.8.2]"}));
}

TEST_F(MqttGroups, MissesNothingWhereNobodyStayed) {
  publish(some);
  unsubscribe(bob, group);
  end_session(carol);
  end({bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, MissesNothingThatMayWaitForSomebodyAway) {
  publish(some);
  detach(carol);
  end({bob});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, MissesWhatAnEndedSessionTookAlong) {
  publish(some);
  send(bob, some);
  end_session(bob);
  end({carol});
  EXPECT_TRUE(breaks(judge, {"mqtt0#1", "never reached anybody", "[4.8.2]"}));
}

TEST_F(MqttGroups, AllowsAnotherOneWhatAnEndedSessionHadNotAcknowledged) {
  publish(some);
  send(bob, some);
  end_session(bob);
  deliver(carol, some);
  end({carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, AllowsAnotherOneWhatWasAcknowledgedInTheLastMoment) {
  publish(some);
  deliver(bob, some);
  end_session(bob);
  deliver(carol, some);
  end({carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, CountsWhatWentOutFirstOnAConnectionThatWasTakenOver) {
  publish(some);
  const auto before = links[bob];
  links[bob] = ++last_link;
  judge.on_mqtt_heard(step(), last_link, asking(bob, 60));
  judge.on_mqtt_detached(now, bob, reason_code::session_taken_over);
  judge.on_mqtt_attached(now, bob, last_link, true);
  judge.on_mqtt_said(now, before, sending(some, qos::at_least_once, 1));
  judge.on_mqtt_closed(now, before);
  deliver(bob, some, qos::at_least_once, 1, true);
  end({bob, carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, TellsTwoCopiesAtOneOfThemApart) {
  publish(some);
  sequence(some);
  deliver(bob, some);
  send(bob, some, qos::at_least_once, 2);
  pass(5s);
  end_session(bob);
  deliver(carol, some);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, AllowsAnotherOneWhatIsStillOnItsWayOutOfAnEndedSession) {
  publish(some);
  overflow(bob);
  send(bob, some);
  deliver(carol, some);
  end({carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, AllowsAnotherOneWhatTheEndedSessionSaysLate) {
  publish(some);
  overflow(bob);
  deliver(carol, some);
  send(bob, some);
  end({carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, RefusesAnotherOneWhatWasAcknowledgedLongBefore) {
  publish(some);
  deliver(bob, some);
  pass(5s);
  end_session(bob);
  deliver(carol, some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 2", "whose session has ended since"}));
}

/// The directory still works at the SUBSCRIBE, and nothing behind it has been dealt with.
TEST_F(MqttGroups, AllowsAnotherOneWhatWasAcknowledgedBehindAnUnansweredRequest) {
  publish(some);
  ask(bob, "held/#");
  deliver(bob, some);
  pass(5s);
  end_session(bob);
  deliver(carol, some);
  end({carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, RefusesAnotherOneWhatWasAcknowledgedLongBeforeARequest) {
  publish(some);
  deliver(bob, some);
  ask(bob, "held/#");
  pass(5s);
  end_session(bob);
  deliver(carol, some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 2 by", "[4.8.2]"}));
}

TEST_F(MqttGroups, RefusesAnotherOneWhatWasSentAtQos2) {
  publish(some, qos::exactly_once);
  send(bob, some, qos::exactly_once);
  end_session(bob);
  deliver(carol, some, qos::exactly_once);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 2",
                             "at QoS 2, whose session has ended since", "[MQTT-4.8.2-5]"}));
}

TEST_F(MqttGroups, MissesNothingThatWasSentAtQos2) {
  publish(some, qos::exactly_once);
  send(bob, some, qos::exactly_once);
  end_session(bob);
  end({carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, ExcusesWhatTheServerSaysThatNobodyHadRoomFor) {
  begin(1'000);
  publish(some);
  judge.on_mqtt_dropped(step(), bob, 1);
  end({bob, carol});
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, DoesNotBelieveItWhereEverybodyHasRoom) {
  publish(some);
  judge.on_mqtt_dropped(step(), bob, 1);
  end({bob, carol});
  EXPECT_TRUE(breaks(judge, {"mqtt0#1", "never reached anybody", "[4.8.2]"}));
}

TEST_F(MqttGroups, RefusesToKeepAMessageForSomebodyAwayWhereAnotherOneIsThere) {
  detach(bob);
  pass(5s);
  publish(some);
  pass(1s);
  connect(bob, true);
  deliver(bob, some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 1 by", "who was away when it was sequenced",
                             "although mqtt 2 was connected"}));
}

TEST_F(MqttGroups, AllowsToKeepAMessageForSomebodyAwayWhereNobodyIsThere) {
  detach(bob);
  detach(carol);
  pass(5s);
  publish(some);
  pass(1s);
  connect(bob, true);
  deliver(bob, some);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, AllowsToKeepAMessageForSomebodyWhoHasJustGone) {
  detach(bob);
  publish(some);
  pass(1s);
  connect(bob, true);
  deliver(bob, some);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroups, RefusesAQosThatWasNotGranted) {
  connect(alice);
  subscribe(alice, "$share/two/#", qos::at_least_once);
  publish(some, qos::exactly_once);
  deliver(alice, some, qos::exactly_once);
  EXPECT_TRUE(breaks(judge, {"by \"$share/two/#\" at QoS 2, which was not granted"}));
}

TEST_F(MqttGroups, RefusesARetainedMessageAsTheAnswer) {
  publish(some, qos::at_least_once, true);
  deliver(bob, some);
  connect(alice);
  subscribe(alice, group);
  deliver(alice, some, qos::at_least_once, 1, false, true);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 0 with RETAIN", "MQTT-3.3.1-12"}));
}

TEST_F(MqttGroups, TellsACopyOfTheGroupByItsIdentifier) {
  connect(alice);
  ask_identified(alice, "#", 7);
  ask_identified(alice, group, 8);
  publish(some);
  say(alice, saying(some, {7}, 1));
  say(alice, saying(some, {8}, 2));
  EXPECT_TRUE(holds(judge));
  deliver(bob, some);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1 goes out to mqtt 1 by", "had gone out to mqtt 0"}));
}

TEST_F(MqttGroups, RefusesAnIdentifierThatNoSubscriptionHas) {
  connect(alice);
  ask_identified(alice, "#", 7);
  publish(some);
  say(alice, saying(some, {6}, 1));
  EXPECT_TRUE(breaks(judge, {"with the Subscription Identifiers 6", "MQTT-3.3.4-3"}));
}

TEST_F(MqttGroups, RefusesAnIdentifierBesideTheRightOne) {
  connect(alice);
  ask_identified(alice, "#", 7);
  publish(some);
  say(alice, saying(some, {7, 6}, 1));
  EXPECT_TRUE(breaks(judge, {"with the Subscription Identifiers 7, 6", "MQTT-3.3.4-3"}));
}

TEST_F(MqttGroups, RefusesAMissingIdentifier) {
  connect(alice);
  ask_identified(alice, "#", 7);
  publish(some);
  say(alice, saying(some, {}, 1));
  EXPECT_TRUE(breaks(judge, {"with the Subscription Identifiers none", "MQTT-3.3.4-3"}));
}

TEST_F(MqttGroups, RefusesToLeaveOutOneOfOverlappingIdentifiers) {
  connect(alice);
  ask_identified(alice, "#", 7);
  ask_identified(alice, room, 8);
  publish(some);
  say(alice, saying(some, {7}, 1));
  EXPECT_TRUE(breaks(judge, {"with the Subscription Identifiers 7, but its subscription to",
                             "has 8", "MQTT-3.3.4-4"}));
}

} // namespace
} // namespace kodama::sim::checkers
