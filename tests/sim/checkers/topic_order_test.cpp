#include "sim/checkers/topic_order.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct TopicOrderChecker : testing::Test {
  topic_order judge;
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1).subscribes(1, 5); }
};

TEST_F(TopicOrderChecker, AcceptsNumbersOneByOne) {
  tell.delivers(1, {0, 1}, 5).delivers(1, {0, 2}, 6).delivers(1, {1, 1}, 7);
  EXPECT_TRUE(holds(judge));
  EXPECT_EQ(judge.exercised(), 2);
}

TEST_F(TopicOrderChecker, RefusesAGap) {
  tell.delivers(1, {0, 1}, 5).sequences({0, 2}, 6).delivers(1, {0, 3}, 7);
  EXPECT_TRUE(breaks(judge, {"user 1 (session 1/2)", "received 7 of \"room\"", "0#3", "after 5",
                             "0#1", "6 was due"}));
}

TEST_F(TopicOrderChecker, RefusesARepetition) {
  tell.delivers(1, {0, 1}, 5).receives(1, {0, 1}, 5);
  EXPECT_TRUE(breaks(judge, {"received 5", "after 5", "6 was due"}));
}

TEST_F(TopicOrderChecker, RefusesAnotherMessageUnderTheSameNumber) {
  tell.sequences({0, 1}, 5).receives(1, {0, 2}, 5);
  EXPECT_TRUE(breaks(judge, {"0#2", "as 5 of \"room\"", "server sequenced message 0#1"}));
}

TEST_F(TopicOrderChecker, RefusesAWrongSender) {
  tell.sequences({0, 1}, 5);
  judge.on_received(tell.step(), 1, tell.session(1), room, 5, 9, {0, 1}, false);
  EXPECT_TRUE(breaks(judge, {"0#1 of client 9", "0#1 of client 1"}));
}

TEST_F(TopicOrderChecker, RefusesANumberThatWasNeverGiven) {
  tell.receives(1, {0, 1}, 5);
  EXPECT_TRUE(breaks(judge, {"0#1", "as 5", "has not given"}));
}

TEST_F(TopicOrderChecker, RefusesAServerThatGivesANumberTwice) {
  tell.sequences({0, 1}, 5).sequences({0, 2}, 5);
  EXPECT_TRUE(breaks(judge, {"0#2", "number 5", "given 5 to message 0#1"}));
}

TEST_F(TopicOrderChecker, BeginsAnewWithEachSubscription) {
  tell.delivers(1, {0, 1}, 5).unsubscribes(1, 6).sequences({0, 2}, 6).subscribes(1, 7);
  tell.delivers(1, {0, 3}, 7).delivers(1, {0, 4}, 8);
  EXPECT_TRUE(holds(judge));
}

TEST_F(TopicOrderChecker, BeginsAnewWithEachServer) {
  tell.delivers(1, {0, 1}, 5).restarts().opens(0).opens(1).subscribes(1, 1);
  tell.delivers(1, {0, 2}, 1).delivers(1, {0, 3}, 2);
  EXPECT_TRUE(holds(judge));
}

TEST_F(TopicOrderChecker, AcceptsWhatWasUnderWayWhenTheServerDied) {
  tell.delivers(1, {0, 1}, 5).sequences({0, 2}, 6).restarts().receives(1, {0, 2}, 6);
  EXPECT_TRUE(holds(judge));
}

TEST_F(TopicOrderChecker, RefusesASubscriptionFromANumberThatIsGivenAlready) {
  tell.sequences({0, 1}, 4);
  judge.on_server_subscribed(tell.step(), room, tell.session(1), 4);
  EXPECT_TRUE(breaks(judge, {"session 1/2", "\"room\" from 4 on", "had given 4"}));
}

TEST_F(TopicOrderChecker, RefusesAGapByAFilter) {
  tell.sequences({0, 1}, 5).sequences({0, 2}, 6).sequences({0, 3}, 7);
  tell.subscribes_by(0, "+").receives(0, {0, 1}, 5).receives(0, {0, 3}, 7);
  EXPECT_TRUE(breaks(judge, {"received 7", "right after 5", "6 was due"}));
}

TEST_F(TopicOrderChecker, LetsAFilterBeginAnewAnywhere) {
  tell.sequences({0, 1}, 5).sequences({0, 2}, 6).sequences({0, 3}, 7);
  tell.subscribes_by(0, "+").receives(0, {0, 1}, 5).unsubscribes_by(0, "+");
  tell.subscribes_by(0, "+").receives(0, {0, 3}, 7).sequences({0, 4}, 8).receives(0, {0, 4}, 8);
  EXPECT_TRUE(holds(judge));
}

TEST_F(TopicOrderChecker, LetsATopicBeginAnewBelowAFilter) {
  tell.sequences({0, 1}, 5).sequences({0, 2}, 9).sequences({0, 3}, 10);
  tell.subscribes_by(0, "+").receives(0, {0, 1}, 5).receives(0, {0, 2}, 9);
  tell.receives(0, {0, 3}, 10);
  EXPECT_TRUE(holds(judge));
}

TEST_F(TopicOrderChecker, LetsNoTopicBeginAnewBelowASubscriber) {
  tell.subscribes_by(1, "+").subscribes(1, 5).sequences({0, 1}, 5).sequences({0, 2}, 9);
  tell.receives(1, {0, 1}, 5).receives(1, {0, 2}, 9);
  EXPECT_TRUE(breaks(judge, {"received 9", "right after 5", "6 was due"}));
}

} // namespace
} // namespace kodama::sim::checkers
