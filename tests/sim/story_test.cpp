#include "sim/story.hpp"

#include "sim/story_text.hpp"
#include "tests/sim/told_scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

std::size_t count_kind(const run_story& in, std::string_view kind) {
  return static_cast<std::size_t>(
      std::count_if(in.events.begin(), in.events.end(),
                    [kind](const auto& event) { return event.kind == kind; }));
}

TEST(Story, ChangesNoHistory) {
  for (std::uint64_t seed = 1; seed != 20; ++seed) {
    const auto what = scenario::draw(seed, fault_profile::swarm);
    trace hashed;
    trace read{trace::keep::text};
    EXPECT_EQ(run(what, hashed).trace_hash, run(what, read).trace_hash) << "seed " << seed;
  }
}

TEST(Story, SaysWhatTheMessagesOnTheWireAre) {
  const auto in = told(tunnel());
  const auto sent = find_event(in, "wire.sent", "sends SUBSCRIBE topic/0 (#1) to server");
  ASSERT_LT(sent, in.events.size());
  EXPECT_EQ(in.host_name(in.events[sent].host), "user-1");
  EXPECT_LT(find_event(in, "wire.sent", "sends PUBLISH 0#2 to topic/0 (#2) to server"),
            in.events.size());
  EXPECT_LT(find_event(in, "wire.arrived", "gets PUBLISH 0#2 of topic/0, number 2"),
            in.events.size());
}

TEST(Story, FollowsAMessageFromItsPublisherToItsReceiver) {
  const auto in = told(tunnel());
  auto at = find_event(in, "user.receives", "0#3");
  std::vector<std::string_view> way;
  for (std::optional next{at}; next; next = in.events[*next].cause)
    way.push_back(in.events[*next].kind);
  const std::vector<std::string_view> expected{"user.receives",   "wire.arrived", "wire.sent",
                                               "topic.sequenced", "wire.arrived", "wire.sent",
                                               "user.publishes"};
  ASSERT_GE(way.size(), expected.size());
  way.resize(expected.size());
  EXPECT_EQ(way, expected);
}

TEST(Story, SaysWhatWasLostInTheTunnelAndWhatWasSentAgain) {
  const auto in = told(tunnel());
  const auto lost = find_event(in, "wire.lost", "PUBLISH 0#1 of topic/0");
  ASSERT_LT(lost, in.events.size());
  const auto& departure = in.events[in.events[lost].other_end.value()];
  EXPECT_EQ(departure.kind, "wire.sent");
  EXPECT_EQ(departure.fate.substr(0, 4), "LOST");
  const auto again = find_event(in, "wire.sent", "sends again PUBLISH 0#1 of topic/0");
  ASSERT_LT(again, in.events.size());
  EXPECT_EQ(in.events[again].fate.substr(0, 5), "there");
}

TEST(Story, DrawsTheTunnelAndTheSessionThatWaitsForItsEnd) {
  const auto in = told(tunnel());
  ASSERT_EQ(in.bands.size(), 1U);
  EXPECT_EQ(in.bands[0].label, "black_hole");
  EXPECT_EQ(in.bands[0].from, instant{1s});
  EXPECT_EQ(in.bands[0].to, instant{7s});
  std::string states;
  for (const auto& bar : in.bars)
    if (bar.who == story_bar::side::server && bar.user == host_id{2})
      states += bar.state + ' ';
  EXPECT_EQ(states, "attached detached attached ");
}

TEST(Story, GivesEveryMessageOneFate) {
  for (std::uint64_t seed = 1; seed != 12; ++seed) {
    const auto in = told(scenario::draw(seed, fault_profile::hostile));
    std::size_t ended = 0;
    for (std::size_t i = 0; i != in.events.size(); ++i) {
      const auto& event = in.events[i];
      if (event.cause) {
        EXPECT_LT(*event.cause, i);
      }
      if (!event.other_end)
        continue;
      EXPECT_EQ(in.events[*event.other_end].other_end, i) << "seed " << seed;
      ended += event.kind == "wire.sent" ? 1 : 0;
    }
    EXPECT_EQ(ended, count_kind(in, "wire.arrived") + count_kind(in, "wire.lost"));
    EXPECT_GT(ended, 0U);
  }
}

TEST(Story, ReadsDatagramsToo) {
  auto what = tunnel();
  what.udp = true;
  what.strikes.clear();
  what.operations.back() = {3s, 0, operation::kind::publish_unreliable, 0, 2, 32};
  const auto in = told(what);
  const auto sent = find_event(in, "wire.sent", "PUBLISH 0#1 to topic/0, without a guarantee");
  ASSERT_LT(sent, in.events.size());
  EXPECT_EQ(in.events[sent].about("way"), "UDP");
  EXPECT_EQ(in.events[sent].about("session"), "session 1/2");
}

TEST(Story, FoldsTheIdleTrafficAwayUnlessEverythingIsAsked) {
  const auto in = told(tunnel());
  const auto brief = narrate(in, story_detail::essential);
  const auto full = narrate(in, story_detail::everything);
  EXPECT_EQ(brief.find("PING"), std::string::npos);
  EXPECT_EQ(brief.find(" bytes from "), std::string::npos);
  EXPECT_NE(full.find("sends PING to server"), std::string::npos);
  EXPECT_NE(full.find(" bytes from "), std::string::npos);
  EXPECT_NE(brief.find("receives 0#1 of topic/0, number 1"), std::string::npos);
}

TEST(Story, FoldsRunsThatDifferInNumbersOnly) {
  auto what = tunnel();
  what.operations.back().count = 50;
  const auto brief = narrate(told(what), story_detail::essential);
  EXPECT_NE(brief.find("publishes 0#1 to"), std::string::npos);
  EXPECT_NE(brief.find("… 48 more like it"), std::string::npos);
  EXPECT_EQ(brief.find("publishes 0#25 to"), std::string::npos);
  EXPECT_NE(brief.find("publishes 0#50 to"), std::string::npos);
}

const violation made_up{
    "topic-order", instant{7500ms},
    "user 1 (session 1/1) received 3 of \"topic/0\" (message 0#3) right after 1 (message 0#1), "
    "but 2 was due"};

TEST(Story, TellsABrokenPromiseInItsPlace) {
  const auto in = told(tunnel(), {made_up});
  ASSERT_EQ(in.breaches.size(), 1U);
  const auto at = in.breaches[0].event;
  EXPECT_EQ(in.events[at].kind, "broken");
  EXPECT_EQ(in.host_name(in.events[at].host), "user-1");
  EXPECT_LE(in.events[at - 1].when, made_up.when);
  EXPECT_GT(in.events[at + 1].when, made_up.when);
}

TEST(Story, NamesTheEventsThatLedToABrokenPromise) {
  const auto in = told(tunnel(), {made_up});
  const auto& matters = in.breaches.at(0).matters;
  EXPECT_TRUE(std::is_sorted(matters.begin(), matters.end()));
  const auto has = [&](std::string_view kind, std::string_view part) {
    return std::binary_search(matters.begin(), matters.end(), find_event(in, kind, part));
  };
  EXPECT_TRUE(has("user.publishes", "0#3"));
  EXPECT_TRUE(has("topic.sequenced", "gives 0#2 the number 2")); // the one that was due
  EXPECT_TRUE(has("wire.sent", "PUBLISH 0#1 of topic/0"));       // which was lost
  EXPECT_TRUE(has("fault", "black_hole"));
  EXPECT_TRUE(has("session.resumed", "1/1"));
  EXPECT_FALSE(has("session.opened", "1/2"));
}

TEST(Story, SummarisesWithTheCommandThatTellsItAgain) {
  const auto broken = summarise(told(tunnel(), {made_up}));
  EXPECT_NE(broken.find("topic-order was broken"), std::string::npos);
  EXPECT_NE(broken.find("but 2 was due"), std::string::npos);
  EXPECT_NE(broken.find("kodama replay 1\n"), std::string::npos);
  EXPECT_NE(summarise(told(tunnel())).find("0 promises broken"), std::string::npos);
}

} // namespace
} // namespace kodama::sim
