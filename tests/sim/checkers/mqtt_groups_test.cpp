#include "mqtt_story.hpp"

#include <algorithm>
#include <string>

namespace kodama::sim::checkers {
namespace {

constexpr user_id carol = mqtt_user_base + 2;
constexpr std::string_view group = "$share/one/#";

/// Bob and Carol are in one group.
struct MqttGroups : MqttChecker {
  void SetUp() override { begin(1 << 20); }
  void begin(std::size_t session_buffer_max) {
    auto limits = some_bounds;
    limits.session_buffer_max = session_buffer_max;
    judge = mqtt_rules{limits};
    MqttChecker::SetUp();
    for (const auto who : {bob, carol}) {
      connect(who);
      subscribe(who, group);
    }
  }
  /// Sent, and nothing comes back.
  void send(user_id who, message_tag tag, qos how = qos::at_least_once, mq::packet_id id = 1) {
    say(who, sending(tag, how, id));
  }
  void end_session(user_id who) {
    detach(who);
    judge.on_mqtt_ended(now += 60s, who);
  }
  /// The session ends in the middle of a turn, and what it had to say is still on its way out.
  void overflow(user_id who) {
    judge.on_mqtt_detached(step(), who, reason_code::quota_exceeded);
    judge.on_mqtt_ended(now, who);
  }
  void ask_identified(user_id who, std::string_view filter, std::uint32_t identifier) {
    mq::subscribe asked;
    asked.id = 9;
    asked.subscriptions.emplace_back();
    asked.subscriptions.back().filter = filter;
    asked.subscriptions.back().maximum_qos = qos::exactly_once;
    asked.properties.subscription_identifier = identifier;
    hear(who, asked);
    grant(who);
    pass(1s);
  }
  mq::publish saying(message_tag tag, std::vector<std::uint32_t> identifiers, mq::packet_id id) {
    auto what = sending(tag, qos::at_least_once, id);
    what.properties.subscription_identifiers = std::move(identifiers);
    return what;
  }
};

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

/// Bob, alone in the group, takes one at a time, and has not come to `some` at the end.
struct MqttGroupsInLine : MqttGroups {
  void end_after(message_tag last, bool by_another_subscription) {
    end_session(carol);
    if (by_another_subscription)
      subscribe(bob, "#");
    publish(some);
    publish(last);
    judge.on_healed(step());
    pass(60s);
    deliver(bob, last);
    judge.on_mqtt_end(step(), {bob});
  }
  [[nodiscard]] bool is_missed() const {
    return std::any_of(judge.violations().begin(), judge.violations().end(), [](const auto& each) {
      return each.text.find("mqtt0#1, sequenced at") != std::string::npos &&
             each.text.find("never reached anybody") != std::string::npos;
    });
  }
};

TEST_F(MqttGroupsInLine, MissesWhatALaterOneOfTheGroupHasOvertaken) {
  end_after(other, false);
  EXPECT_TRUE(is_missed());
}

TEST_F(MqttGroupsInLine, MissesNothingWhereTheLaterOneMayHaveComeByAnotherSubscription) {
  end_after(other, true);
  EXPECT_FALSE(is_missed());
}

/// Bob's client begins anew, and in the same breath the old connection is still told something.
struct MqttGroupsAtATakeover : MqttGroups {
  void begin_anew(qos last_words) {
    publish(some, last_words);
    const auto before = links[bob];
    auto asked = asking(bob, 60);
    asked.clean_start = true;
    links[bob] = ++last_link;
    judge.on_mqtt_heard(step(), last_link, asked);
    judge.on_mqtt_detached(now, bob, reason_code::session_taken_over);
    judge.on_mqtt_attached(now, bob, last_link, false);
    judge.on_mqtt_said(now, before, sending(some, last_words, 1));
    mq::disconnect goodbye;
    goodbye.reason = reason_code::session_taken_over;
    judge.on_mqtt_said(now, before, goodbye);
    judge.on_mqtt_closed(now, before);
    judge.on_mqtt_said(now, last_link, mq::connack{});
    judge.on_mqtt_connected(step(), bob, false);
    end({bob, carol});
  }
};

TEST_F(MqttGroupsAtATakeover, MissesNothingThatGoesOutForGood) {
  begin_anew(qos::exactly_once);
  EXPECT_TRUE(holds(judge));
}

TEST_F(MqttGroupsAtATakeover, MissesWhatMayGoToAnotherOne) {
  begin_anew(qos::at_least_once);
  EXPECT_TRUE(breaks(judge, {"mqtt0#1, sequenced at", "never reached anybody", "[4.8.2]"}));
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
