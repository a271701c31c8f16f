#include "sim/mqtt_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

std::string text_of(std::string_view facts) {
  return "kodama scenario 1\n" + std::string{facts};
}

std::string expected_in(std::string_view facts) {
  const auto read = parse_scenario(text_of(facts));
  return read ? "" : read.error().expected;
}

TEST(MqttText, SaysWhoHasAnMqttClientAndWhatTheyDo) {
  const auto read = parse_scenario(text_of(
      "mqtt 0 version 5 expiry 7 receive_maximum 3 aliases 2 will 1 qos 2 delay 4 retain\n"
      "mqtt 1 version 3 expiry 0\n"
      "do 1s mqtt 0 connect clean\n"
      "do 2s mqtt 1 subscribe name topic/* qos 2 handling 1 identifier 7 no_local as_published\n"
      "do 3s mqtt 0 publish topic 1 count 2 size 30 qos 1 expiry 9 retain\n"
      "strike 4s black_hole mqtt 1 for 2s\n"));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->mqtt.size(), 2);
  const mqtt_last_will will{1, 2, 4, true};
  EXPECT_EQ(read->mqtt[0], (mqtt_person{5, 7, 3, 2, will}));
  EXPECT_EQ(read->mqtt[1], (mqtt_person{3, 0, 65'535, 0, std::nullopt}));
  EXPECT_TRUE(read->operations[0].clean);
  const auto& subscribed = read->operations[1];
  EXPECT_EQ(subscribed.user, mqtt_user_base + 1);
  EXPECT_EQ(subscribed.name, "topic/#");
  EXPECT_TRUE(subscribed.no_local && subscribed.as_published);
  EXPECT_EQ(subscribed.handling, 1);
  EXPECT_EQ(subscribed.identifier, 7);
  const auto& published = read->operations[2];
  EXPECT_EQ(published.qos, 1);
  EXPECT_EQ(published.expiry, 9);
  EXPECT_TRUE(published.retain);
  EXPECT_EQ(read->strikes[0].host, host_of(mqtt_user_base + 1));
  EXPECT_EQ(*parse_scenario(to_text(*read)), *read);
}

TEST(MqttText, SaysWhatItExpected) {
  EXPECT_NE(expected_in("mqtt 1 version 5").find("numbered from 0"), std::string::npos);
  EXPECT_NE(expected_in("mqtt 0 version 4").find("version 3"), std::string::npos);
  EXPECT_NE(expected_in("mqtt 0 receive_maximum 0").find("at least 1"), std::string::npos);
  EXPECT_NE(expected_in("mqtt 0 colour 3").find("receive_maximum"), std::string::npos);
  EXPECT_NE(expected_in("do 1s mqtt 0 publish qos 3").find("at most 2"), std::string::npos);
  EXPECT_NE(expected_in("do 1s mqtt 0 publish loudly").find("as_published"), std::string::npos);
  EXPECT_NE(expected_in("do 1s user 0 publish qos 1").find("end of the line"), std::string::npos);
}

// The server would end the connection each time that the client says it.
TEST(MqttText, RefusesNamesThatNoClientMaySay) {
  const std::string too_long(300, 'a');
  for (const auto& name : {std::string{"foo/*"}, std::string{"+"}, std::string{"$$a"},
                           std::string{"a\1"}, std::string{"a\xff"}, std::string{}, too_long}) {
    const auto read = parse_scenario(text_of("do 1s mqtt 0 publish name " + name));
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error().line, 2);
    EXPECT_EQ(read.error().column, 27);
    EXPECT_EQ(read.error().expected, "a topic, without + and * (for #)");
  }
  for (const auto& name : {std::string{"a+"}, std::string{"*/a"}, std::string{"$share/one"},
                           std::string{"$share//a"}, std::string{"a\xff"}, too_long})
    for (const std::string what : {"subscribe", "unsubscribe"})
      EXPECT_EQ(expected_in("do 1s mqtt 0 " + what + " name " + name),
                "a topic, or a filter with + and * (for #)")
          << name;
  for (const std::string fact :
       {"publish name $quiet/0", "publish name a//b", "subscribe name $share/one/topic/*",
        "subscribe name +/0", "unsubscribe name *"})
    EXPECT_EQ(expected_in("do 1s mqtt 0 " + fact), "") << fact;
}

} // namespace
} // namespace kodama::sim
