#include "sim/checkers/presence_fold.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

constexpr auto joined = message::presence_event::joined;
constexpr auto left = message::presence_event::left;

/// User 0 watches; clients 7 and 8 come and go.
struct PresenceFoldChecker : testing::Test {
  presence_fold judge{some_bounds};
  story tell{judge};

  void SetUp() override { tell.opens(0); }
};

TEST_F(PresenceFoldChecker, AcceptsWatchingAndLists) {
  tell.announces(1, 7, joined).watches(0, 2).announces(2, 8, joined).lists(0, 1, {7});
  tell.notifies(0, 2, 8, joined).announces(3, 7, left).announces(4, 7, joined);
  tell.lists(0, 2, {8, 7}).lists(0, 3, {8}).notifies(0, 3, 7, left).notifies(0, 4, 7, joined);
  tell.unwatches(0, 5).ends({0});
  EXPECT_TRUE(holds(judge));
}

TEST_F(PresenceFoldChecker, RefusesJoiningTwice) {
  tell.announces(1, 7, joined).announces(2, 7, joined);
  EXPECT_TRUE(breaks(judge, {"client 7 joining", "presence 2 of \"room\"", "joined already"}));
}

TEST_F(PresenceFoldChecker, RefusesLeavingTwice) {
  tell.announces(1, 7, joined).announces(2, 7, left).announces(3, 7, left);
  EXPECT_TRUE(breaks(judge, {"client 7 leaving", "presence 3", "not in the topic"}));
}

TEST_F(PresenceFoldChecker, RefusesANumberGivenTwice) {
  tell.announces(1, 7, joined).announces(1, 8, joined);
  EXPECT_TRUE(breaks(judge, {"client 8 joining", "presence 1", "given 1 to client 7 joining"}));
}

TEST_F(PresenceFoldChecker, RefusesASkippedNumberWhileSomebodyIsThere) {
  tell.announces(1, 7, joined).announces(3, 8, joined);
  EXPECT_TRUE(breaks(judge, {"presence 3", "right after 1", "7 held"}));
}

TEST_F(PresenceFoldChecker, AcceptsAJumpOfAnEmptyTopic) {
  tell.announces(1, 7, joined).announces(2, 7, left).announces(9, 8, joined).lists(0, 9, {8});
  EXPECT_TRUE(holds(judge));
}

TEST_F(PresenceFoldChecker, BeginsAnewWithEachServer) {
  tell.announces(1, 7, joined).restarts().announces(1, 7, joined).opens(0).lists(0, 1, {7});
  EXPECT_TRUE(holds(judge));
}

TEST_F(PresenceFoldChecker, RefusesANotificationBeforeWatching) {
  tell.announces(1, 7, joined).notifies(0, 1, 7, joined);
  EXPECT_TRUE(
      breaks(judge, {"user 0 (session 1/1)", "client 7 joining", "presence 1", "does not watch"}));
}

TEST_F(PresenceFoldChecker, RefusesANotificationAfterUnwatching) {
  tell.watches(0, 1).unwatches(0, 1).announces(1, 7, joined).notifies(0, 1, 7, joined);
  EXPECT_TRUE(breaks(judge, {"presence 1", "does not watch"}));
}

TEST_F(PresenceFoldChecker, RefusesAnotherFirstNotification) {
  tell.watches(0, 1).announces(1, 7, joined).announces(2, 8, joined).notifies(0, 2, 8, joined);
  EXPECT_TRUE(breaks(judge, {"presence 2", "1 was due"}));
}

TEST_F(PresenceFoldChecker, RefusesARepeatedNotification) {
  tell.watches(0, 1).announces(1, 7, joined).notifies(0, 1, 7, joined).notifies(0, 1, 7, joined);
  EXPECT_TRUE(breaks(judge, {"presence 1", "2 was due"}));
}

TEST_F(PresenceFoldChecker, RefusesANotificationThatIsNotTheServers) {
  tell.watches(0, 1).announces(1, 7, joined).notifies(0, 1, 7, left);
  EXPECT_TRUE(breaks(judge, {"client 7 leaving", "presence 1", "announced client 7 joining"}));
}

TEST_F(PresenceFoldChecker, RefusesANotificationThatTheServerNeverMade) {
  tell.watches(0, 1).notifies(0, 1, 7, joined);
  EXPECT_TRUE(breaks(judge, {"presence 1", "has not given"}));
}

TEST_F(PresenceFoldChecker, RefusesASecondWatchackThatNamesAnother) {
  tell.watches(0, 1).watches(0, 2);
  EXPECT_TRUE(breaks(judge, {"begins at 2", "1 has to come next"}));
}

TEST_F(PresenceFoldChecker, AcceptsASecondWatchackThatNamesTheNext) {
  tell.watches(0, 1).announces(1, 7, joined).notifies(0, 1, 7, joined).watches(0, 2);
  EXPECT_TRUE(holds(judge));
}

TEST_F(PresenceFoldChecker, RefusesAnEndWithSomethingMissing) {
  tell.watches(0, 1).announces(1, 7, joined).unwatches(0, 2);
  EXPECT_TRUE(breaks(judge, {"from 1 on, ends before 2", "presence 1 had to come next"}));
}

TEST_F(PresenceFoldChecker, RefusesAListThatIsNotTheFold) {
  tell.announces(1, 7, joined).announces(2, 8, joined).lists(0, 2, {7});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "presence 2: 7;", "make 7 8"}));
}

TEST_F(PresenceFoldChecker, RefusesAListThatNamesSomebodyTwice) {
  tell.announces(1, 7, joined).lists(0, 1, {7, 7});
  EXPECT_TRUE(breaks(judge, {"7 7", "make 7"}));
}

TEST_F(PresenceFoldChecker, RefusesAListOfANewerMoment) {
  tell.announces(1, 7, joined).announces(2, 7, left).lists(0, 1, {});
  EXPECT_TRUE(breaks(judge, {"presence 1: nobody", "make 7"}));
}

TEST_F(PresenceFoldChecker, MissesANotificationAtTheEnd) {
  tell.watches(0, 1).announces(1, 7, joined).heals().pass(11s).ends({0});
  EXPECT_TRUE(breaks(
      judge, {"user 0 (session 1/1)", "from 1 on", "never notified of client 7", "presence 1"}));
}

TEST_F(PresenceFoldChecker, OwesNothingToTheUnreachableAndTheLost) {
  tell.opens(1).opens(2).opens(3).watches(0, 1).watches(1, 1).watches(2, 1).watches(3, 1);
  tell.announces(1, 7, joined).loses_session(1, {}).ends_session(2).stops(3).ends({1, 2, 3});
  EXPECT_TRUE(holds(judge));
}

TEST_F(PresenceFoldChecker, RefusesASubscriberWhoseSessionEndedLongAgo) {
  tell.announces(1, tell.session(0).client, joined).ends_session(0).pass(11s).ends({});
  EXPECT_TRUE(breaks(judge, {"session 1/1 ended", "still a subscriber of \"room\""}));
}

TEST_F(PresenceFoldChecker, GivesTheLastNotificationTimeToArrive) {
  tell.watches(0, 1).heals().pass(11s).announces(1, 7, joined).ends({0});
  EXPECT_TRUE(holds(judge));
}

} // namespace
} // namespace kodama::sim::checkers
