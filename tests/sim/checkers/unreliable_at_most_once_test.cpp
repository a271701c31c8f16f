#include "sim/checkers/unreliable_at_most_once.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

constexpr bool udp = true;
constexpr bool tcp = false;

struct UnreliableAtMostOnceChecker : testing::Test {
  unreliable_at_most_once judge;
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1).opens(2); }
};

TEST_F(UnreliableAtMostOnceChecker, AcceptsAnyAscendingSelection) {
  tell.receives(2, {0, 1}, 0).receives(2, {0, 4}, 0).receives(2, {1, 2}, 0).receives(2, {0, 9}, 0);
  EXPECT_TRUE(holds(judge));
}

TEST_F(UnreliableAtMostOnceChecker, CountsChangesOfPath) {
  tell.receives(2, {0, 1}, 0, room, tcp).receives(2, {0, 2}, 0, room, udp);
  tell.receives(2, {0, 3}, 0, room, udp).receives(2, {0, 4}, 0, room, tcp);
  EXPECT_TRUE(holds(judge));
  EXPECT_EQ(judge.path_changes(), 2);
}

TEST_F(UnreliableAtMostOnceChecker, IgnoresTheReliable) {
  tell.receives(2, {0, 1}, 1).receives(2, {0, 1}, 1);
  EXPECT_TRUE(judge.violations().empty());
  EXPECT_EQ(judge.exercised(), 0);
}

TEST_F(UnreliableAtMostOnceChecker, RefusesTheSameMessageByTheOtherWay) {
  tell.receives(2, {0, 1}, 0, room, tcp).receives(2, {0, 1}, 0, room, udp);
  EXPECT_TRUE(breaks(
      judge, {"user 2 (session 1/3)", "0#1", "client 1", "\"room\"", "by UDP", "second time"}));
}

TEST_F(UnreliableAtMostOnceChecker, RefusesTheSameMessageMuchLater) {
  tell.receives(2, {0, 1}, 0).receives(2, {0, 2}, 0).receives(2, {0, 1}, 0);
  EXPECT_TRUE(breaks(judge, {"0#1", "second time"}));
}

TEST_F(UnreliableAtMostOnceChecker, RefusesAnOlderMessageAfterANewerOne) {
  tell.receives(2, {0, 2}, 0, room, udp).receives(2, {0, 1}, 0, room, tcp);
  EXPECT_TRUE(breaks(judge, {"0#1", "by TCP", "after the newer message 0#2 by UDP"}));
}

TEST_F(UnreliableAtMostOnceChecker, RemembersTheNewestAfterAnOlderOne) {
  tell.receives(2, {0, 5}, 0, "a").receives(2, {0, 6}, 0, "b").receives(2, {0, 4}, 0, "a");
  EXPECT_TRUE(breaks(judge, {"0#4", "\"a\"", "0#5"}));
}

TEST_F(UnreliableAtMostOnceChecker, JudgesEachTopicSenderAndReceiverAlone) {
  tell.receives(2, {0, 5}, 0, "a").receives(2, {0, 1}, 0, "b").receives(2, {1, 2}, 0, "a");
  tell.receives(1, {0, 1}, 0, "a");
  EXPECT_TRUE(holds(judge));
}

/// Long enough for everything that went wrong to be over.
constexpr duration settling = 20s;

TEST_F(UnreliableAtMostOnceChecker, RefusesALossInANetworkThatHasLongBeenWhole) {
  tell.subscribes(2, 1).heals().pass(settling).publishes({0, 1}, false).pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(breaks(judge, {"user 2 (session 1/3)", "never received message 0#1", "client 1"}));
}

TEST_F(UnreliableAtMostOnceChecker, AcceptsThatANewerOneHasOvertakenIt) {
  tell.subscribes(2, 1).heals().pass(settling).publishes({0, 1}, false).publishes({0, 2}, false);
  tell.receives(2, {0, 2}, 0).pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(holds(judge));
}

TEST_F(UnreliableAtMostOnceChecker, AcceptsALossWhileTheNetworkSettles) {
  tell.subscribes(2, 1).publishes({0, 1}, false).heals().pass(15s).publishes({0, 2}, false);
  tell.pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(judge.violations().empty());
}

TEST_F(UnreliableAtMostOnceChecker, AcceptsALossBeforeAnybodyIsConnectedForLong) {
  tell.subscribes(2, 1).heals().pass(settling).detaches(0).attaches(0).publishes({0, 1}, false);
  tell.pass(settling).detaches(2).attaches(2).publishes({0, 2}, false).pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(judge.violations().empty());
}

TEST_F(UnreliableAtMostOnceChecker, AcceptsALossWithTheConnectionOnTheWay) {
  tell.subscribes(2, 1).heals().pass(settling).publishes({0, 1}, false).pass(1s).detaches(2);
  tell.pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(holds(judge));
}

TEST_F(UnreliableAtMostOnceChecker, RefusesALossBeforeTheConnectionIsLost) {
  tell.subscribes(2, 1).heals().pass(settling).publishes({0, 1}, false).pass(3s).detaches(2);
  EXPECT_TRUE(breaks(judge, {"user 2 (session 1/3)", "never received message 0#1"}));
}

TEST_F(UnreliableAtMostOnceChecker, AcceptsThatABurstFindsNoRoom) {
  tell.subscribes(2, 1).heals().pass(settling);
  for (std::uint32_t i = 1; i != 6; ++i)
    judge.on_published(tell.now(), 0, tell.session(0), room, {0, i}, false);
  tell.pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(holds(judge));
}

TEST_F(UnreliableAtMostOnceChecker, ExpectsNothingForWhoIsNotSubscribed) {
  tell.subscribes(2, 1).heals().pass(settling).subscribes(1, 1).unsubscribes(2, 1);
  tell.publishes({0, 1}, false).pass(3s).ends({0, 1, 2});
  EXPECT_TRUE(judge.violations().empty());
}

TEST_F(UnreliableAtMostOnceChecker, RefusesALossByAFilterOfLongStanding) {
  tell.subscribes_by(2, "+").heals().pass(settling).publishes({0, 1}, false).pass(3s);
  tell.ends({0, 1, 2});
  EXPECT_TRUE(breaks(judge, {"user 2 (session 1/3)", "never received message 0#1"}));
}

TEST_F(UnreliableAtMostOnceChecker, ExpectsNothingByAFilterThatDoesNotMatch) {
  tell.subscribes_by(2, "+/+").heals().pass(settling).publishes({0, 1}, false).pass(3s);
  tell.ends({0, 1, 2});
  EXPECT_TRUE(judge.violations().empty());
}

} // namespace
} // namespace kodama::sim::checkers
