#include "sim/scenario.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

std::string text_of_example() {
  return "kodama scenario 1\n"
         "# Two people in one room. The second goes through a tunnel and comes back late.\n"
         "\n"
         "seed 1\n"
         "users 2\n"
         "udp no\n"
         "schedule priorities 3\n"
         "keepalive 3s\n"
         "heal_at 8s\n"
         "\n"
         "# What goes wrong by chance, before heal_at.\n"
         "chance latency 37.5ms\n"
         "chance tcp_refused 10%\n"
         "\n"
         "# What happens when.\n"
         "do 0s user 0 connect\n"
         "do 0s user 1 connect\n"
         "do 500ms user 1 subscribe topic 0\n"
         "strike 1s black_hole user 1 for 6s draw 1\n"
         "do 1.2s user 0 publish topic 0 count 3 size 32\n";
}

scenario example() {
  scenario made;
  made.seed = 1;
  made.users = 2;
  made.udp = false;
  made.change_points = 3;
  made.keepalive = 3s;
  made.heal_at = made.plan.heal_at = 8s;
  made.plan.latency = 37500us;
  made.plan.tcp.refused = probability::percent(10);
  made.strikes = {{fault_kind::black_hole, host_of(1), 1s, 6s, 1}};
  made.operations = {{0s, 0, kind::connect},
                     {0s, 1, kind::connect},
                     {500ms, 1, kind::subscribe},
                     {1200ms, 0, kind::publish, 0, 3, 32}};
  made.end_at = made.end_needed();
  return made;
}

RC_GTEST_PROP(ScenarioText, ReadsWhatItWrote, ()) {
  const auto what = scenario::draw(
      *rc::gen::arbitrary<std::uint64_t>(),
      *rc::gen::element(fault_profile::swarm, fault_profile::mobile, fault_profile::hostile));
  const auto read = parse_scenario(to_text(what, "a comment\nof two lines"));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == what);
}

RC_GTEST_PROP(ScenarioText, KeepsEveryNanosecondAndEveryShare, ()) {
  scenario what;
  what.filter_rest = duration{*rc::gen::inRange<std::int64_t>(0, 315'000'000'000'000'000)};
  what.end_at = duration{*rc::gen::inRange<std::int64_t>(0, 2'000'000'000)};
  what.plan.udp.loss.of_65536 = *rc::gen::inRange(0U, 65537U);
  const auto read = parse_scenario(to_text(what));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == what);
}

RC_GTEST_PROP(ScenarioText, SurvivesEveryTruncation, ()) {
  auto text = to_text(scenario::draw(*rc::gen::arbitrary<std::uint64_t>(), fault_profile::swarm));
  text.resize(*rc::gen::inRange<std::size_t>(0, text.size()));
  const auto read = parse_scenario(text);
  if (!read)
    RC_ASSERT(read.error().line >= 1);
}

TEST(ScenarioText, ReadsWellAndLeavesOutWhatIsUsual) {
  EXPECT_EQ(to_text(example(), "Two people in one room. The second goes through a tunnel and comes "
                               "back late."),
            text_of_example());
}

TEST(ScenarioText, ReadsWhatAPersonWrites) {
  const auto read = parse_scenario(
      "kodama scenario 1\r\n"
      "do 0ns user 0 connect topic 0 count 1 size 0 # old and whole\r\n"
      "\tdo 0s  user 1 connect#at once\n"
      "do 500000000ns user 1 subscribe\n"
      "chance tcp_refused 6553/65536\n"
      "chance latency 37500us\n"
      "strike 1.0s black_hole host 2 for 6000ms draw 1\n"
      "do 1.2s user 0 publish size 32 \n"
      "seed 1\nusers 2\nudp no\nschedule priorities 3\nheal_at 7s\nkeepalive 3s\nheal_at 8s");
  ASSERT_TRUE(read.has_value()) << read.error().line << ": " << read.error().expected;
  auto expected = example();
  expected.operations.back().count = 1;
  EXPECT_EQ(*read, expected);
}

TEST(ScenarioText, KnowsFiltersOfUsers) {
  const auto read = parse_scenario("kodama scenario 1\n"
                                   "do 0s user 0 subscribe name topic/+\n"
                                   "do 1s user 0 unsubscribe name *\n");
  ASSERT_TRUE(read.has_value()) << read.error().line << ": " << read.error().expected;
  EXPECT_EQ(read->operations.front().name, "topic/+");
  EXPECT_EQ(read->operations.back().name, "#");
  EXPECT_NE(to_text(*read).find("do 0s user 0 subscribe name topic/+\n"), std::string::npos);
  EXPECT_NE(to_text(*read).find("do 1s user 0 unsubscribe name *\n"), std::string::npos);
}

TEST(ScenarioText, ReadsTheLastOfWhatIsAllowed) {
  for (const std::string fact :
       {"mqtt_receive_maximum 1", "mqtt_receive_maximum 65535", "resume_window 0s",
        "resume_window 4294967s", "keepalive 0s", "keepalive 1ms", "keepalive 65535s",
        "chance clock_drift 50000", "do 0s mqtt 0 publish size 1048576"}) {
    const auto read = parse_scenario("kodama scenario 1\n" + fact);
    EXPECT_TRUE(read.has_value()) << fact << ": " << read.error().expected;
  }
}

TEST(ScenarioText, ReadsStrikesOnWhomeverTheyCanStrike) {
  const auto read = parse_scenario("kodama scenario 1\n"
                                   "strike 1s server_pause host 0 for 1s\n"
                                   "strike 1s black_hole server for 1s\n"
                                   "strike 1s clock_leap mqtt 0 for 1s\n"
                                   "strike 1s udp_blocked server for 1s\n"
                                   "strike 1s client_second_copy user 3\n");
  ASSERT_TRUE(read.has_value()) << read.error().line << ": " << read.error().expected;
  EXPECT_EQ(read->strikes.size(), 5U);
}

// A file that a person made must not be judged while messages are merely under way.
TEST(ScenarioText, EndsLateEnoughUnlessToldOtherwise) {
  const auto read = parse_scenario("kodama scenario 1\nheal_at 5s\ndo 9s user 0 connect\n");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->end_at, 9s + read->liveness_bound() + 1s);
  const auto chosen = parse_scenario("kodama scenario 1\nend_at 0s\n");
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->end_at, 0s);
}

struct bad_file {
  std::string text;
  std::size_t line;
  std::size_t column;
  std::string expected;
};

TEST(ScenarioText, SaysWhereAndWhatWasExpected) {
  const std::string a_number = "a whole number that is not too large";
  const std::string a_time = "a duration such as 20s, 1.5s, 250ms, 10us or 5ns";
  const bad_file files[] = {
      {"", 1, 1, "\"kodama scenario 1\""},
      {"kodama scenario 2\n", 1, 1, "\"kodama scenario 1\""},
      {"kodama scenario 1\nseed x\n", 2, 6, a_number},
      {"kodama scenario 1\nusers -1\n", 2, 7, a_number},
      {"kodama scenario 1\nusers 4000000\n", 2, 7, "at most 10000"},
      {"kodama scenario 1\n\n# a comment\nkeepalive 5\n", 4, 11, a_time},
      {"kodama scenario 1\nkeepalive 1.2.3s\n", 2, 11, a_time},
      {"kodama scenario 1\nkeepalive 1.5ns\n", 2, 11, a_time},
      {"kodama scenario 1\nkeepalive -1s\n", 2, 11, a_time},
      {"kodama scenario 1\nudp maybe\n", 2, 5, "yes or no"},
      {"kodama scenario 1\ncolour red\n", 2, 1,
       "a fact of a scenario (docs/simulation.md lists them)"},
      {"kodama scenario 1\ndo 1ns user 0 jump\n", 2, 15, "an operation"},
      {"kodama scenario 1\ndo 1ns user 0 publish size\n", 2, 27, a_number},
      {"kodama scenario 1\ndo 1ns user 0 publish size 1 topic 2\n", 2, 30, "the end of the line"},
      {"kodama scenario 1\ndo 1ns user 0 subscribe name a+\n", 2, 30,
       "a topic, or a filter with + and * (for #)"},
      {"kodama scenario 1\ndo 1ns user 0 watch name a\n", 2, 21,
       "nothing more: only `subscribe` and `unsubscribe` of a user have a name"},
      {"kodama scenario 1\nstrike 1ns meteor host 1\n", 2, 12, "a kind of fault"},
      {"kodama scenario 1\nstrike 1ns udp_loss user 1\n", 2, 12,
       "a fault that strikes (this one is a `chance`)"},
      {"kodama scenario 1\nstrike 1ns tcp_reset them\n", 2, 22,
       "\"server\", or \"user\" or \"mqtt\" and its number"},
      {"kodama scenario 1\nstrike 1s black_hole user 4294967295\n", 2, 27, "at most 999999"},
      {"kodama scenario 1\nstrike 1s black_hole user 1000000\n", 2, 27, "at most 999999"},
      {"kodama scenario 1\nstrike 1s black_hole mqtt 4294967295\n", 2, 27, "at most 999999"},
      {"kodama scenario 1\nstrike 1s black_hole host 1000001\n", 2, 27, "at most 999999"},
      {"kodama scenario 1\ndo 1s user 1000000 connect\n", 2, 12, "at most 999999"},
      {"kodama scenario 1\ndo 1s mqtt 4293967296 connect\n", 2, 12, "at most 999999"},
      {"kodama scenario 1\nstrike 1s server_restart user 1\n", 2, 26,
       "\"server\": server_restart strikes nobody else"},
      {"kodama scenario 1\nstrike 1s reconnect_storm host 1\n", 2, 27,
       "\"server\": reconnect_storm strikes nobody else"},
      {"kodama scenario 1\nstrike 1s client_kill server\n", 2, 23,
       "\"user\" or \"mqtt\" and its number: client_kill strikes nobody else"},
      {"kodama scenario 1\nstrike 1s client_second_copy mqtt 0\n", 2, 30,
       "\"user\" and its number: client_second_copy strikes nobody else"},
      {"kodama scenario 1\nstrike 1s udp_nat_port mqtt 0 for 1s\n", 2, 24,
       "\"server\", or \"user\" and its number: udp_nat_port strikes nobody else"},
      {"kodama scenario 1\nchance tcp_reset every 4s for 0s to 0s\n", 2, 8,
       "a fault by chance (this one strikes: write `strike` lines)"},
      {"kodama scenario 1\nchance udp_loss 5\n", 2, 17, "a share such as 10% or 0.5%"},
      {"kodama scenario 1\nchance udp_loss 101%\n", 2, 17, "a share such as 10% or 0.5%"},
      {"kodama scenario 1\nchance udp_loss 5% 6\n", 2, 20, "the end of the line"},
      {"kodama scenario 1\nusers 3 4\n", 2, 9, "the end of the line"},
      {"kodama scenario 1\nintruders 10001\n", 2, 11, "at most 10000"},
      {"kodama scenario 1\nschedule priorities 1001\n", 2, 21, "at most 1000"},
      {"kodama scenario 1\nfilters_under_way 0\n", 2, 19, "at least 1"},
      {"kodama scenario 1\nmqtt_receive_maximum 0\n", 2, 22, "1 to 65535"},
      {"kodama scenario 1\nmqtt_receive_maximum 65536\n", 2, 22, "1 to 65535"},
      {"kodama scenario 1\nresume_window 1ns\n", 2, 15, "whole milliseconds, at most 4294967s"},
      {"kodama scenario 1\nresume_window 4294968s\n", 2, 15,
       "whole milliseconds, at most 4294967s"},
      {"kodama scenario 1\nkeepalive 1.5ms\n", 2, 11, "whole milliseconds, at most 65535s"},
      {"kodama scenario 1\nkeepalive 65536s\n", 2, 11, "whole milliseconds, at most 65535s"},
      {"kodama scenario 1\nchance clock_drift 50001\n", 2, 20, "at most 50000"},
      {"kodama scenario 1\ndo 1s user 0 publish size 1048577\n", 2, 27, "at most 1048576"},
      {"kodama scenario 1\ndo 1s mqtt 0 publish size 300000000 qos 1\n", 2, 27, "at most 1048576"},
      {"kodama scenario 1\ndo 1s user 0 publish count 10001\n", 2, 28, "at most 10000"},
      {"kodama scenario 1\ndo 1s mqtt 0 publish count 4294967295\n", 2, 28, "at most 10000"},
      {"kodama scenario 1\ndo 1s mqtt 0 subscribe name $share/g/* no_local\n", 2, 40,
       "no no_local on a shared subscription [MQTT-3.8.3-4]"},
      {"kodama scenario 1\ndo 1s mqtt 0 subscribe no_local name $share/g/* qos 1\n", 2, 38,
       "no no_local on a shared subscription [MQTT-3.8.3-4]"},
  };
  for (const auto& file : files) {
    const auto read = parse_scenario(file.text);
    ASSERT_FALSE(read.has_value()) << file.text;
    EXPECT_EQ(read.error().line, file.line) << file.text;
    EXPECT_EQ(read.error().column, file.column) << file.text;
    EXPECT_EQ(read.error().expected, file.expected) << file.text;
  }
}

} // namespace
} // namespace kodama::sim
