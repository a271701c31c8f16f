#include "sim/checkers/mqtt.hpp"

#include "sim/witness.hpp"
#include "tests/sim/checkers/story.hpp"

#include <deque>

namespace kodama::sim::checkers {
namespace {

using kodama::mqtt::qos;
using kodama::mqtt::reason_code;
namespace mq = kodama::mqtt;

constexpr user_id alice = mqtt_user_base;
constexpr user_id bob = mqtt_user_base + 1;
constexpr message_tag some{alice, 1};
constexpr message_tag other{alice, 2};

/// Tells the checker a history, one step a millisecond; each person connects by a link of their
/// own, and a server that keeps to the rules answers.
struct MqttChecker : testing::Test {
  mqtt_rules judge{some_bounds};
  instant now{};
  std::map<user_id, std::uint64_t> links;
  std::uint64_t last_link = 0;
  topic_sequence last_sequence = 0;

  void SetUp() override { judge.on_server_started(now, 1, resume_window); }
  instant step() { return now += 1ms; }
  void pass(duration time) { now += time; }

  mq::connect asking(user_id who, std::uint32_t expiry) {
    mq::connect asked;
    names.push_back("mqtt-" + std::to_string(who - mqtt_user_base));
    asked.client_id = names.back();
    asked.clean_start = false;
    asked.properties.session_expiry_interval = expiry;
    return asked;
  }
  void connect(user_id who, const mq::connect& asked, bool present) {
    links[who] = ++last_link;
    judge.on_mqtt_heard(step(), last_link, asked);
    judge.on_mqtt_attached(now, who, last_link, present);
    mq::connack answer;
    answer.session_present = present;
    judge.on_mqtt_said(now, last_link, answer);
    judge.on_mqtt_connected(step(), who, present);
  }
  void connect(user_id who, bool present = false, std::uint32_t expiry = 60) {
    connect(who, asking(who, expiry), present);
  }
  void detach(user_id who, reason_code reason = reason_code::unspecified_error) {
    judge.on_mqtt_closed(step(), links[who]);
    judge.on_mqtt_detached(now, who, reason);
    judge.on_mqtt_disconnected(now, who);
  }
  void hear(user_id who, const mq::packet& what) { judge.on_mqtt_heard(step(), links[who], what); }
  void say(user_id who, const mq::packet& what) { judge.on_mqtt_said(step(), links[who], what); }
  void subscribe(user_id who, std::string_view filter, qos most = qos::exactly_once,
                 mq::subscription how = {}) {
    how.filter = filter;
    how.maximum_qos = most;
    mq::subscribe asked;
    asked.id = 9;
    asked.subscriptions = {how};
    hear(who, asked);
    say(who, mq::suback{9, {static_cast<reason_code>(most)}, {}});
    pass(1s);
  }
  void unsubscribe(user_id who, std::string_view filter) {
    hear(who, mq::unsubscribe{8, {filter}, {}});
    say(who, mq::unsuback{8, {reason_code::success}, {}});
    pass(1s);
  }
  void publish(message_tag tag, qos how = qos::at_least_once, bool retain = false,
               std::uint32_t expiry = 0) {
    judge.on_mqtt_published(step(), tag.user, {room, tag, how, retain}, expiry);
    if (how != qos::at_most_once)
      sequence(tag);
  }
  void sequence(message_tag tag, std::string_view topic = room) {
    judge.on_sequenced(step(), topic, {1, 7}, ++last_sequence, tag);
  }
  mq::publish sending(message_tag tag, qos how, mq::packet_id id, bool dup = false,
                      bool retain = false) {
    contents.push_back(tagged_content(tag, 0));
    mq::publish what;
    what.topic = room;
    what.payload = contents.back();
    what.qos = how;
    what.id = how == qos::at_most_once ? mq::packet_id{0} : id;
    what.dup = dup;
    what.retain = retain;
    return what;
  }
  void deliver(user_id who, message_tag tag, qos how = qos::at_least_once, mq::packet_id id = 1,
               bool dup = false, bool retain = false) {
    say(who, sending(tag, how, id, dup, retain));
    judge.on_mqtt_received(step(), who, {room, tag, how, retain});
    if (how == qos::at_least_once)
      hear(who, mq::puback{id, reason_code::success, {}});
    if (how == qos::exactly_once) {
      hear(who, mq::pubrec{id, reason_code::success, {}});
      say(who, mq::pubrel{id, reason_code::success, {}});
      hear(who, mq::pubcomp{id, reason_code::success, {}});
    }
  }
  void end(const std::vector<user_id>& reachable) {
    judge.on_healed(step());
    pass(30s);
    judge.on_mqtt_end(step(), reachable);
  }
  mq::connect with_will(user_id who, std::uint32_t delay = 0) {
    auto asked = asking(who, 60);
    contents.push_back(tagged_content({will_base, ++wills}, 0));
    asked.will.emplace();
    asked.will->topic = room;
    asked.will->payload = contents.back();
    asked.will->qos = qos::at_least_once;
    if (delay != 0)
      asked.will->properties.will_delay_interval = delay;
    return asked;
  }
  void says_goodbye(user_id who) {
    hear(who, mq::disconnect{});
    detach(who, reason_code::normal_disconnection);
  }
  std::uint32_t wills = 0;
  std::deque<std::string> names;
  std::deque<bytes> contents;
};

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

TEST_F(MqttChecker, MissesARetainedMessage) {
  publish(some, qos::at_least_once, true);
  pass(1s);
  connect(bob);
  subscribe(bob, "#");
  end({bob});
  EXPECT_TRUE(breaks(judge, {"mqtt 1 never received mqtt0#1", "MQTT-3.3.1-9"}));
}

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
