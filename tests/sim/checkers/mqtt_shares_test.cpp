#include "mqtt_group_story.hpp"

#include <algorithm>
#include <string>

namespace kodama::sim::checkers {
namespace {

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

} // namespace
} // namespace kodama::sim::checkers
