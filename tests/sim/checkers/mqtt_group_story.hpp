#pragma once

#include "mqtt_story.hpp"

#include <utility>
#include <vector>

namespace kodama::sim::checkers {

inline constexpr user_id carol = mqtt_user_base + 2;
inline constexpr std::string_view group = "$share/one/#";

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

} // namespace kodama::sim::checkers
