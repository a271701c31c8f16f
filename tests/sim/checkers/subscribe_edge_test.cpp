#include "sim/checkers/subscribe_edge.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct SubscribeEdgeChecker : testing::Test {
  subscribe_edge judge{some_bounds};
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1); }
};

TEST_F(SubscribeEdgeChecker, AcceptsOneSubscriptionAfterAnother) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 5).receives(1, {0, 2}, 6).receives(1, {0, 3}, 0);
  tell.unsubscribes(1, 7);
  // Of what is not subscribed; the server has nothing to decide then.
  judge.on_unsubscribed(tell.step(), 1, tell.session(1), room, 8);
  tell.subscribes(1, 9).unsubscribes(1, 9);
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, RefusesAnythingBeforeSuback) {
  tell.receives(1, {0, 1}, 5);
  EXPECT_TRUE(breaks(judge, {"user 1 (session 1/2)", "0#1", "\"room\" as 5", "no SUBACK"}));
}

TEST_F(SubscribeEdgeChecker, RefusesTheUnreliableBeforeSuback) {
  tell.receives(1, {0, 1}, 0, room, true);
  EXPECT_TRUE(breaks(judge, {"0#1", "without a guarantee by UDP", "no SUBACK"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnythingAfterUnsuback) {
  tell.subscribes(1, 5).unsubscribes(1, 5).receives(1, {0, 1}, 5);
  EXPECT_TRUE(breaks(judge, {"0#1", "as 5", "UNSUBACK ended", "before 5"}));
}

TEST_F(SubscribeEdgeChecker, RefusesTheUnreliableAfterUnsuback) {
  tell.subscribes(1, 5).unsubscribes(1, 5).receives(1, {0, 1}, 0);
  EXPECT_TRUE(breaks(judge, {"0#1", "without a guarantee by TCP", "UNSUBACK ended"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnotherFirstNumber) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 6);
  EXPECT_TRUE(breaks(judge, {"0#1", "as 6", "SUBACK named 5"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnEndWithSomethingMissing) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 5).unsubscribes(1, 8);
  EXPECT_TRUE(breaks(judge, {"\"room\", from 5 on, ends before 8", "not received 6"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnEndBeforeWhatWasReceived) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 5).unsubscribes(1, 5);
  EXPECT_TRUE(breaks(judge, {"ends before 5", "received 5"}));
}

TEST_F(SubscribeEdgeChecker, AcceptsASecondSubackThatNamesTheNextNumber) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 5);
  judge.on_subscribed(tell.step(), 1, tell.session(1), room, 6);
  tell.receives(1, {0, 2}, 6).unsubscribes(1, 7);
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, RefusesASecondSubackThatNamesAnother) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 5);
  judge.on_subscribed(tell.step(), 1, tell.session(1), room, 7);
  EXPECT_TRUE(breaks(judge, {"SUBACK named 7", "6 has to come next"}));
}

TEST_F(SubscribeEdgeChecker, RefusesASubackThatSkipsWhatTheServerOwes) {
  judge.on_server_subscribed(tell.step(), room, tell.session(1), 5);
  judge.on_subscribed(tell.step(), 1, tell.session(1), room, 6);
  EXPECT_TRUE(breaks(judge, {"subscribed to \"room\" from 6 on", "subscribed it from 5 on"}));
}

TEST_F(SubscribeEdgeChecker, RefusesASubackOfWhatTheServerDidNot) {
  judge.on_subscribed(tell.step(), 1, tell.session(1), room, 6);
  EXPECT_TRUE(breaks(judge, {"from 6 on", "has not subscribed it"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnUnsubackThatSkipsWhatTheServerOwes) {
  tell.subscribes(1, 5);
  judge.on_server_unsubscribed(tell.step(), room, tell.session(1), 6);
  judge.on_unsubscribed(tell.step(), 1, tell.session(1), room, 5);
  EXPECT_TRUE(breaks(judge, {"ends before 5", "unsubscribed it before 6"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnUnsubackOfWhatTheServerDidNot) {
  tell.subscribes(1, 5);
  judge.on_unsubscribed(tell.step(), 1, tell.session(1), room, 5);
  EXPECT_TRUE(breaks(judge, {"ends before 5", "has not unsubscribed it"}));
}

TEST_F(SubscribeEdgeChecker, AcceptsRequestsUnderWayOneBehindTheOther) {
  const auto who = tell.session(1);
  judge.on_server_subscribed(tell.step(), room, who, 1);
  judge.on_server_unsubscribed(tell.step(), room, who, 2);
  judge.on_server_subscribed(tell.step(), room, who, 3);
  judge.on_subscribed(tell.step(), 1, who, room, 1);
  tell.receives(1, {0, 1}, 1);
  judge.on_unsubscribed(tell.step(), 1, who, room, 2);
  judge.on_subscribed(tell.step(), 1, who, room, 3);
  tell.receives(1, {0, 3}, 3);
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, RefusesAnythingForALostSession) {
  tell.subscribes(1, 5).loses_session(1, {}, {{"room", 0, 5}}).receives(1, {0, 1}, 5);
  EXPECT_TRUE(breaks(judge, {"0#1", "no SUBACK"}));
}

TEST_F(SubscribeEdgeChecker, JudgesTheNextSessionAlone) {
  tell.subscribes(1, 5).receives(1, {0, 1}, 5).forgets(1).opens(1).subscribes(1, 9);
  tell.receives(1, {0, 2}, 9).stops(1).opens(1).subscribes(1, 10).unsubscribes(1, 10);
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, RefusesAnEndOfWhichTheUserNeverHears) {
  tell.subscribes(1, 5);
  judge.on_server_unsubscribed(tell.step(), room, tell.session(1), 6);
  tell.heals().pass(11s).ends({1});
  EXPECT_TRUE(
      breaks(judge, {"user 1 (session 1/2)", "\"room\" from 5 on", "before 6", "never told"}));
}

TEST_F(SubscribeEdgeChecker, GivesUnsubackTimeToArrive) {
  tell.subscribes(1, 5).heals().pass(11s);
  judge.on_server_unsubscribed(tell.step(), room, tell.session(1), 6);
  tell.pass(5s).ends({1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, LetsASessionThatEndedLeaveItsTopics) {
  tell.subscribes(1, 5).subscribes(0, 5);
  tell.ends_session(1);
  judge.on_server_unsubscribed(tell.step(), room, tell.session(1), 6);
  judge.on_server_unsubscribed(tell.step(), room, tell.session(0), 6);
  tell.restarts().heals().pass(11s).ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, AcceptsByAFilterWhatItMatchesWhileItHolds) {
  tell.subscribes_by(1, "room/+").receives(1, {0, 1}, 5, "room/a").receives(1, {0, 2}, 0, "room/b");
  tell.unsubscribes_by(1, "room/+");
  EXPECT_TRUE(holds(judge));
}

TEST_F(SubscribeEdgeChecker, RefusesByAFilterWhatItDoesNotMatch) {
  tell.subscribes_by(1, "room/+").receives(1, {0, 1}, 5, "room/a/b");
  EXPECT_TRUE(breaks(judge, {"0#1", "\"room/a/b\" as 5", "no SUBACK", "nor for a filter"}));
}

TEST_F(SubscribeEdgeChecker, RefusesAnythingAfterTheUnsubackOfAFilter) {
  tell.subscribes_by(1, "room/+").unsubscribes_by(1, "room/+").receives(1, {0, 1}, 5, "room/a");
  EXPECT_TRUE(breaks(judge, {"0#1", "\"room/a\" as 5", "nor for a filter"}));
}

TEST_F(SubscribeEdgeChecker, HoldsASubscriptionToItsNumbersBesideAFilter) {
  tell.subscribes_by(1, "#").subscribes(1, 5).receives(1, {0, 1}, 6);
  EXPECT_TRUE(breaks(judge, {"0#1", "as 6", "SUBACK named 5"}));
}

TEST_F(SubscribeEdgeChecker, LetsAFilterGoOnWhereASubscriptionEnds) {
  tell.subscribes_by(1, "#").receives(1, {0, 1}, 4).subscribes(1, 5).receives(1, {0, 2}, 5);
  tell.unsubscribes(1, 6).receives(1, {0, 3}, 6);
  EXPECT_TRUE(holds(judge));
}

} // namespace
} // namespace kodama::sim::checkers
