#include "actors/session_filters.hpp"

#include <gtest/gtest.h>

namespace kodama::actors {
namespace {

struct SessionFilters : testing::Test {
  session_filters filters;
  message_id last = 0;

  message_id ask(topic_request what, std::string_view filter) {
    filters.handle_asked(what, filter, ++last);
    return last;
  }
  /// The directory has the filter, as of this epoch.
  void subscribe(std::string_view filter, filter_epoch epoch) {
    answer(ask(topic_request::subscribe, filter), epoch);
  }
  void answer(message_id request, filter_epoch epoch) {
    ASSERT_TRUE(filters.handle_answered({request, epoch}).has_value());
  }
};

TEST_F(SessionFilters, HearFromTheAnswerOnWhatMatches) {
  const auto asked = ask(topic_request::subscribe, "a/+");
  EXPECT_FALSE(filters.hear("a/b", 9));
  answer(asked, 5);
  EXPECT_TRUE(filters.hear("a/b", 5));
  EXPECT_TRUE(filters.hear("a/b", 6));
  EXPECT_FALSE(filters.hear("a/b", 4)) << "of a topic that has not heard of it yet";
  EXPECT_FALSE(filters.hear("a", 5));
}

TEST_F(SessionFilters, HearUntilTheAnswerToUnsubscribe) {
  subscribe("a/+", 5);
  const auto asked = ask(topic_request::unsubscribe, "a/+");
  EXPECT_TRUE(filters.hear("a/b", 5));
  EXPECT_EQ(filters.size(), 0U);
  answer(asked, 5);
  EXPECT_FALSE(filters.hear("a/b", 5));
}

TEST_F(SessionFilters, TellOneSubscriptionFromTheNext) {
  subscribe("a/+", 5);
  const auto parting = ask(topic_request::unsubscribe, "a/+");
  const auto again = ask(topic_request::subscribe, "a/+");
  EXPECT_EQ(filters.size(), 1U);
  answer(parting, 5);
  answer(again, 7);
  EXPECT_FALSE(filters.hear("a/b", 5)) << "still of the first one";
  EXPECT_TRUE(filters.hear("a/b", 7));
}

TEST_F(SessionFilters, KeepWhatStandsWhenItIsAskedForOnceMore) {
  subscribe("a/+", 5);
  subscribe("a/+", 8);
  EXPECT_EQ(filters.size(), 1U);
  EXPECT_TRUE(filters.hear("a/b", 5));
}

TEST_F(SessionFilters, HearByOneFilterWhatAnotherNoLongerHears) {
  subscribe("a/+", 5);
  subscribe("#", 6);
  answer(ask(topic_request::unsubscribe, "a/+"), 6);
  EXPECT_TRUE(filters.hear("a/b", 6));
  EXPECT_FALSE(filters.hear("a/b", 5));
}

TEST_F(SessionFilters, KnowNothingOfWhatWasGivenUp) {
  subscribe("a/+", 5);
  const auto asked = ask(topic_request::subscribe, "b/#");
  ask(topic_request::unsubscribe, "a/+");
  EXPECT_EQ(filters.take_all(), (std::vector<std::string>{"b/#"}));
  EXPECT_FALSE(filters.handle_answered({asked, 6}).has_value());
  EXPECT_FALSE(filters.hear("b/c", 6));
}

} // namespace
} // namespace kodama::actors
