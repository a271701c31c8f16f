#include "protocol/mqtt/topic_filter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kodama::mqtt {
namespace {

std::string judged(std::string_view filter, protocol_version version = protocol_version::v5) {
  const auto parsed = parse_topic_filter(filter, version);
  if (parsed)
    return "valid";
  EXPECT_EQ(parsed.error().reason, reason_code::topic_filter_invalid);
  const auto& text = parsed.error().text;
  return text.substr(text.find('['));
}

TEST(MqttTopicFilter, IsValidWhereTheSpecificationSaysSo) {
  // 4.7.1.2, 4.7.1.3 and 4.7.3
  for (const auto* filter :
       {"sport/tennis/player1/#", "#", "sport/tennis/#", "+", "+/tennis/#", "sport/+/player1", "/+",
        "+/+", "/", "//", "/finance", "ACCOUNTS", "Accounts payable", "$SYS/#", "$SYS/monitor/+",
        "$share", "$shared/a", "木霊/+/#"})
    EXPECT_EQ(judged(filter), "valid") << filter;
}

TEST(MqttTopicFilter, IsRefusedByTheClauseThatItBreaks) {
  EXPECT_EQ(judged(""), "[MQTT-4.7.3-1]");
  for (const auto* filter :
       {"sport/tennis#", "sport/tennis/#/ranking", "a#", "#a", "#/", "##", "+#"})
    EXPECT_EQ(judged(filter), "[MQTT-4.7.1-1]") << filter;
  for (const auto* filter : {"sport+", "+a", "++", "a/b+/c"})
    EXPECT_EQ(judged(filter), "[MQTT-4.7.1-2]") << filter;
  EXPECT_EQ(judged("a#", protocol_version::v3_1_1), "[MQTT-4.7.1-2]");
  EXPECT_EQ(judged("+a", protocol_version::v3_1_1), "[MQTT-4.7.1-3]");
}

TEST(MqttTopicFilter, MayBeShared) {
  const auto shared = parse_topic_filter("$share/consumer/sport/+/#", protocol_version::v5);
  ASSERT_TRUE(shared);
  EXPECT_EQ(shared->share_name, "consumer");
  EXPECT_EQ(shared->filter, "sport/+/#");
  EXPECT_EQ(parse_topic_filter("$share/consumer//finance", protocol_version::v5)->filter,
            "/finance");
  EXPECT_EQ(judged("$share/"), "[MQTT-4.8.2-1]");
  EXPECT_EQ(judged("$share//a"), "[MQTT-4.8.2-1]");
  for (const auto* filter : {"$share/g", "$share/g/", "$share/+/a", "$share/g#/a", "$share/#"})
    EXPECT_EQ(judged(filter), "[MQTT-4.8.2-2]") << filter;
  EXPECT_EQ(judged("$share/g/a#"), "[MQTT-4.7.1-1]");
}

TEST(MqttTopicFilter, IsNotSharedInThreeOneOne) {
  const auto plain = parse_topic_filter("$share/g/a", protocol_version::v3_1_1);
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->is_shared());
  EXPECT_EQ(plain->filter, "$share/g/a");
  EXPECT_EQ(judged("$share/+/a", protocol_version::v3_1_1), "valid");
}

TEST(MqttTopicFilter, MatchesAsTheSpecificationShows) {
  struct row {
    const char *filter, *topic;
    bool matches;
  };
  constexpr row table[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/tennis/player1/#", "sport/tennis/player2", false},
      {"sport/tennis/player1/#", "sport/tennis/player10", false},
      {"sport/#", "sport", true},
      {"sport/#", "sports", false},
      {"#", "a", true},
      {"#", "/", true},
      {"#", "a/b/c", true},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+", "/finance", false},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "finance", true},
      {"#", "$SYS/monitor/Clients", false},
      {"+/monitor/Clients", "$SYS/monitor/Clients", false},
      {"+", "$SYS", false},
      {"$SYS/#", "$SYS/monitor/Clients", true},
      {"$SYS/#", "$SYS", true},
      {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
      {"a/+", "a/$b", true},
      {"a/#", "a/$b", true},
      {"ACCOUNTS", "Accounts", false},
      {"a", "a/", false},
      {"a/", "a", false},
      {"a/b", "a", false},
      {"a", "a/b", false},
      {"a/+/#", "a", false},
      {"a/+/#", "a/b", true},
      {"/", "/", true},
      {"+/+/#", "/", true},
      {"//", "/", false},
  };
  for (const auto& each : table)
    EXPECT_EQ(matches(each.filter, each.topic), each.matches) << each.filter << ' ' << each.topic;
}

TEST(MqttTopicFilter, CoversWhatMatchesNothingElse) {
  struct row {
    const char *allowed, *asked;
    bool covers;
  };
  constexpr row table[] = {
      {"a/b", "a/b", true},    {"a/b", "a/+", false},    {"a/+", "a/b", true},
      {"a/+", "a/+", true},    {"a/+", "a/#", false},    {"a/#", "a/#", true},
      {"a/#", "a", true},      {"a/#", "a/b/+/c", true}, {"a/#", "#", false},
      {"#", "a/#", true},      {"#", "#", true},         {"#", "+/a", true},
      {"#", "$SYS/#", false},  {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/+", true},
      {"a/+/c", "a/#", false}, {"a/+/c", "a/+/c", true}, {"a/+/c", "a/b", false},
      {"a/b/#", "a/b", true},  {"a/b/#", "a/+", false},  {"+/b", "a/+", false},
      {"a", "a/b", false},     {"a/+", "a", false},
  };
  for (const auto& each : table)
    EXPECT_EQ(covers(each.allowed, each.asked), each.covers) << each.allowed << ' ' << each.asked;
}

// The point of it: nobody hears by the one filter what the other would not have let through.
RC_GTEST_PROP(MqttTopicFilter, CoversOnlyWhatItMatches, ()) {
  const auto draw = [](const std::string& letters) {
    std::string text;
    const auto levels = *rc::gen::inRange(1, 4);
    for (int i = 0; i != levels; ++i) {
      text += i == 0 ? "" : "/";
      text += letters[*rc::gen::inRange<std::size_t>(0, letters.size())];
      if (text.back() == '#')
        break;
    }
    return text;
  };
  const auto allowed = draw("ab$+#");
  const auto asked = draw("ab$+#");
  const auto topic = draw("ab$");
  if (covers(allowed, asked) && matches(asked, topic))
    RC_ASSERT(matches(allowed, topic));
}

TEST(MqttTopicFilter, BeginsWithWhatAllItsTopicsBeginWith) {
  EXPECT_EQ(literal_prefix("a/b"), "a/b");
  EXPECT_EQ(literal_prefix("a/b/+/c"), "a/b");
  EXPECT_EQ(literal_prefix("a/#"), "a") << "which it matches";
  EXPECT_EQ(literal_prefix("+/a"), "");
  EXPECT_EQ(literal_prefix("#"), "");
  EXPECT_EQ(literal_prefix("/+"), "");
}

TEST(MqttTopicFilter, CountsEmptyLevels) {
  EXPECT_EQ(level_count("a"), 1U);
  EXPECT_EQ(level_count("/"), 2U);
  EXPECT_EQ(level_count("a//b"), 3U);
}

} // namespace
} // namespace kodama::mqtt
