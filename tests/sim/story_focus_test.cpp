#include "sim/story_focus.hpp"

#include "sim/story_text.hpp"
#include "tests/sim/told_scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kodama::sim {
namespace {

std::vector<std::size_t> around(const run_story& in, std::string_view what) {
  return story_focus::parse(what)->find(in);
}

TEST(StoryFocus, TakesEveryFormThatItNames) {
  for (const auto* form : {"0#12", "1/7", "session 1/7", "user-3", "intruder-2", "server",
                           "topic/0", "#412", "12", "12.5", "12.5s"})
    EXPECT_TRUE(story_focus::parse(form)) << form;
}

TEST(StoryFocus, RefusesWhatItDoesNotKnowAndSaysWhatItTakes) {
  for (const auto* form : {"", "x", "user-", "user-x", "0#", "#", "#x", "1/", "/7", "topic/", "-1",
                           "1.2.3", "99999999999999999999#1"}) {
    const auto refused = story_focus::parse(form);
    ASSERT_FALSE(refused) << form;
    EXPECT_NE(refused.error().find("a message (0#12)"), std::string::npos);
  }
}

TEST(StoryFocus, FindsTheWholeLifeOfAMessageAndNoOther) {
  const auto in = told(tunnel());
  const auto found = around(in, "0#2");
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  const auto has = [&](std::string_view kind, std::string_view part) {
    return std::binary_search(found.begin(), found.end(), find_event(in, kind, part));
  };
  EXPECT_TRUE(has("user.publishes", "0#2"));
  EXPECT_TRUE(has("topic.sequenced", "0#2"));
  EXPECT_TRUE(has("wire.lost", "0#2"));
  EXPECT_TRUE(has("user.receives", "0#2"));
  EXPECT_TRUE(has("fault", "black_hole")) << "it held the message up";
  EXPECT_FALSE(has("user.publishes", "0#1"));
}

TEST(StoryFocus, FindsWhatConcernsASessionOrAHost) {
  const auto in = told(tunnel());
  for (const auto i : around(in, "1/1"))
    EXPECT_TRUE(in.events[i].is_about("session", "session 1/1") || in.events[i].kind == "fault")
        << in.events[i].text;
  const auto host = around(in, "user-1");
  EXPECT_FALSE(host.empty());
  for (const auto i : host)
    EXPECT_TRUE(in.host_name(in.events[i].host) == "user-1" ||
                in.events[i].is_about("peer", "user-1"));
}

TEST(StoryFocus, FindsTheChainOfAnEvent) {
  const auto in = told(tunnel());
  const auto received = find_event(in, "user.receives", "0#1");
  const auto chain = around(in, std::string{"#"}.append(std::to_string(received + 1)));
  EXPECT_TRUE(
      std::binary_search(chain.begin(), chain.end(), find_event(in, "user.publishes", "0#1")));
  EXPECT_TRUE(std::binary_search(chain.begin(), chain.end(), received));
}

TEST(StoryFocus, FindsNothingAboutWhatIsNotThere) {
  const auto in = told(tunnel());
  for (const auto* what : {"7#1", "9/9", "user-9", "topic/9", "#999999", "#0", "4000",
                           "99999999999", "999999999999999999.5"})
    EXPECT_TRUE(around(in, what).empty()) << what;
}

TEST(StoryFocus, MarksWhatWasAskedForAmongItsNeighbours) {
  const auto in = told(tunnel());
  const auto text = narrate(in, story_detail::essential, around(in, "0#3"), 1);
  EXPECT_NE(text.find(">#"), std::string::npos);
  EXPECT_NE(text.find("\n #"), std::string::npos);
  EXPECT_NE(text.find("⋮"), std::string::npos);
  EXPECT_LT(text.size(), narrate(in, story_detail::essential).size());
}

} // namespace
} // namespace kodama::sim
