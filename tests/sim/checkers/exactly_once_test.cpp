#include "sim/checkers/exactly_once.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct ExactlyOnceChecker : testing::Test {
  exactly_once judge;
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1).subscribes(1, 1); }
};

TEST_F(ExactlyOnceChecker, AcceptsDeliveriesAcrossALostConnection) {
  tell.delivers(1, {0, 1}, 1).publishes({0, 2}).sequences({0, 2}, 2).acknowledges({0, 2});
  tell.detaches(1).attaches(1).receives(1, {0, 2}, 2);
  tell.ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceChecker, CountsAcknowledgementsAndDeliveries) {
  tell.delivers(1, {0, 1}, 1);
  EXPECT_EQ(judge.exercised(), 2);
}

TEST_F(ExactlyOnceChecker, RefusesAMessageSequencedTwice) {
  tell.delivers(1, {0, 1}, 1).sequences({0, 1}, 2);
  EXPECT_TRUE(breaks(judge, {"0#1", "twice", "1 of \"room\"", "2 of \"room\"", "session 1/1"}));
}

TEST_F(ExactlyOnceChecker, RefusesAMessageSequencedAgainByTheNextServer) {
  tell.delivers(1, {0, 1}, 1).restarts().opens(0).sequences({0, 1}, 1);
  EXPECT_TRUE(breaks(judge, {"0#1", "server life 1", "server life 2"}));
}

TEST_F(ExactlyOnceChecker, RefusesAnAcknowledgementBeforeSequencing) {
  tell.publishes({0, 1}).acknowledges({0, 1}).sequences({0, 1}, 1);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "0#1", "acknowledged", "no server"}));
}

TEST_F(ExactlyOnceChecker, RefusesAMessageReceivedTwice) {
  tell.delivers(1, {0, 1}, 1).receives(1, {0, 1}, 2);
  EXPECT_TRUE(breaks(judge, {"user 1 (session 1/2)", "0#1", "as 1 of", "as 2 of"}));
}

TEST_F(ExactlyOnceChecker, LetsANewSessionReceiveWhatAnOldOneDid) {
  tell.delivers(1, {0, 1}, 1).forgets(1).opens(1).subscribes(1, 1).receives(1, {0, 1}, 1);
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceChecker, MissesWhatWasAcknowledgedAndNeverCame) {
  tell.delivers(1, {0, 1}, 1).publishes({0, 2}).sequences({0, 2}, 2).acknowledges({0, 2});
  tell.ends({0, 1});
  EXPECT_TRUE(
      breaks(judge, {"user 1 (session 1/2)", "0#2", "2 of \"room\"", "from 1 on", "user 0"}));
}

TEST_F(ExactlyOnceChecker, MissesAMessageWhoseGapWasJumpedOver) {
  tell.delivers(1, {0, 1}, 1).publishes({0, 2}).sequences({0, 2}, 2).acknowledges({0, 2});
  tell.delivers(1, {0, 3}, 3).ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"0#2"}));
}

TEST_F(ExactlyOnceChecker, OwesNothingBeforeAndAfterASubscription) {
  tell.delivers(1, {0, 1}, 1).unsubscribes(1, 2);
  tell.publishes({0, 2}).sequences({0, 2}, 2).acknowledges({0, 2});
  tell.subscribes(1, 3).delivers(1, {0, 3}, 3).ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceChecker, OwesWhatWasSequencedBeforeUnsubscribing) {
  tell.publishes({0, 1}).sequences({0, 1}, 1).acknowledges({0, 1}).unsubscribes(1, 2).ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"0#1"}));
}

TEST_F(ExactlyOnceChecker, OwesNothingUnacknowledged) {
  tell.delivers(1, {0, 1}, 1).publishes({0, 2}).sequences({0, 2}, 2).ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceChecker, OwesNothingToThoseWhoLeftOrLostTheirSession) {
  tell.publishes({0, 1}).sequences({0, 1}, 1).acknowledges({0, 1});
  const auto reachable = std::vector<user_id>{0, 1};
  {
    auto copy = judge;
    copy.on_session_lost(tell.now(), 1, tell.session(1), errc::session_unknown, {}, {});
    copy.on_end(tell.now(), reachable);
    EXPECT_TRUE(holds(copy));
  }
  {
    auto copy = judge;
    copy.on_session_ended(tell.now(), tell.session(1), errc::slow_reader);
    copy.on_end(tell.now(), reachable);
    EXPECT_TRUE(holds(copy));
  }
  {
    auto copy = judge;
    copy.on_server_stopped(tell.now(), 1);
    copy.on_end(tell.now(), reachable);
    EXPECT_TRUE(holds(copy));
  }
  tell.ends({0});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceChecker, ReportsEachTopicOfASessionOnce) {
  for (std::uint32_t i = 1; i != 10; ++i)
    tell.publishes({0, i}).sequences({0, i}, i).acknowledges({0, i});
  tell.ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"0#1"}));
}

struct ExactlyOnceCheckerByFilter : testing::Test {
  exactly_once judge;
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1).subscribes_by(1, "ro/+"); }
};

TEST_F(ExactlyOnceCheckerByFilter, MissesWhatAFilterOwes) {
  tell.delivers(1, {0, 1}, 1, "ro/om").publishes({0, 2}, true, "ro/om");
  tell.sequences({0, 2}, 2, "ro/om").acknowledges({0, 2}).ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 1 (session 1/2)", "0#2", "2 of \"ro/om\"", "\"ro/+\" since"}));
}

TEST_F(ExactlyOnceCheckerByFilter, OwesNothingThatItDoesNotMatch) {
  tell.delivers(1, {0, 1}, 1, "ro/om").publishes({0, 2}).sequences({0, 2}, 1);
  tell.acknowledges({0, 2}).ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceCheckerByFilter, OwesNothingThatWasPublishedBefore) {
  tell.opens(2).publishes({0, 1}, true, "ro/om").subscribes_by(2, "#");
  tell.sequences({0, 1}, 1, "ro/om").acknowledges({0, 1}).receives(1, {0, 1}, 1, "ro/om");
  tell.ends({0, 1, 2});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceCheckerByFilter, OwesNothingFromTheWishToUnsubscribeOn) {
  tell.publishes({0, 1}, true, "ro/om").asks_to_unsubscribe_by(1, "ro/+");
  tell.sequences({0, 1}, 1, "ro/om").acknowledges({0, 1}).unsubscribes_by(1, "ro/+");
  tell.ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(ExactlyOnceCheckerByFilter, OwesWhatWasSequencedBeforeThatWish) {
  tell.publishes({0, 1}, true, "ro/om").sequences({0, 1}, 1, "ro/om").acknowledges({0, 1});
  tell.asks_to_unsubscribe_by(1, "ro/+").unsubscribes_by(1, "ro/+").ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"0#1", "\"ro/+\""}));
}

TEST_F(ExactlyOnceCheckerByFilter, OwesNothingAnewWhileAnUnsubscribeIsUnderWay) {
  tell.asks_to_unsubscribe_by(1, "ro/+").asks_to_unsubscribe_by(1, "ro/+");
  tell.unsubscribes_by(1, "ro/+").subscribes_by(1, "ro/+").publishes({0, 1}, true, "ro/om");
  tell.sequences({0, 1}, 1, "ro/om").acknowledges({0, 1}).ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

} // namespace
} // namespace kodama::sim::checkers
