#pragma once

#include "sim/checkers/mqtt.hpp"

#include "sim/witness.hpp"
#include "tests/sim/checkers/story.hpp"

#include <deque>

namespace kodama::sim::checkers {

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
  void ask(user_id who, std::string_view filter, qos most = qos::exactly_once,
           mq::subscription how = {}, mq::packet_id id = 9) {
    how.filter = filter;
    how.maximum_qos = most;
    mq::subscribe asked;
    asked.id = id;
    asked.subscriptions = {how};
    hear(who, asked);
  }
  void grant(user_id who, qos most = qos::exactly_once, mq::packet_id id = 9) {
    say(who, mq::suback{id, {static_cast<reason_code>(most)}, {}});
  }
  void subscribe(user_id who, std::string_view filter, qos most = qos::exactly_once,
                 mq::subscription how = {}) {
    ask(who, filter, most, how);
    grant(who, most);
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

} // namespace kodama::sim::checkers
