#include "sim/checkers/liveness.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

/// A keepalive of 1 s, so silence of more than 1.6 s is too much; everything else within 10 s.
struct LivenessChecker : testing::Test {
  liveness judge{some_bounds};
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1).subscribes(1, 1); }

  /// As long as nothing else is going on.
  void live(duration time) {
    for (; time > 0ns; time -= 500ms)
      tell.pass(500ms).hears(0).hears(1);
  }
};

TEST_F(LivenessChecker, AcceptsWhatIsDoneInTime) {
  tell.delivers(1, {0, 1}, 1).publishes({0, 2}).sequences({0, 2}, 2).detaches(1).heals();
  tell.attaches(1).receives(1, {0, 2}, 2).acknowledges({0, 2});
  live(11s);
  tell.publishes({0, 3}).sequences({0, 3}, 3).ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, RefusesAUserWhoIsNotConnected) {
  tell.detaches(0).detaches(1).pass(1s).attaches(1).heals();
  for (int i = 0; i != 22; ++i)
    tell.pass(500ms).hears(1);
  tell.ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 0", "not connected", "10000000 µs"}));
}

TEST_F(LivenessChecker, RefusesAUserWhoNeverConnected) {
  live(11s);
  tell.ends({0, 1, 2});
  EXPECT_TRUE(breaks(judge, {"user 2", "not connected"}));
}

TEST_F(LivenessChecker, RefusesAnAcknowledgementThatNeverComes) {
  tell.publishes({0, 1}).publishes({0, 2}).heals();
  live(11s);
  tell.ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 0", "0#1", "\"room\"", "neither acknowledged"}));
}

TEST_F(LivenessChecker, RefusesAnAcknowledgementThatComesLate) {
  tell.publishes({0, 1}).sequences({0, 1}, 1).receives(1, {0, 1}, 1).heals();
  live(11s);
  tell.acknowledges({0, 1}).ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "0#1", "acknowledged too late"}));
}

TEST_F(LivenessChecker, RefusesADeliveryThatNeverComesEvenIfUnacknowledged) {
  tell.publishes({0, 1}).sequences({0, 1}, 1).heals();
  judge.on_session_lost(tell.step(), 0, tell.session(0), errc::session_unknown, {{0, 1}}, {});
  tell.detaches(0).attaches(0);
  live(11s);
  tell.ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 1 (session 1/2)", "never received", "0#1", "1 of \"room\""}));
}

TEST_F(LivenessChecker, RefusesADeliveryThatComesLate) {
  tell.publishes({0, 1}).sequences({0, 1}, 1).acknowledges({0, 1}).heals();
  live(11s);
  tell.receives(1, {0, 1}, 1).ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 1 (session 1/2)", "0#1", "1 of \"room\"", "too late"}));
}

TEST_F(LivenessChecker, HasPatienceUntilTheWorldHasHealed) {
  tell.publishes({0, 1}).sequences({0, 1}, 1);
  live(20s);
  tell.heals();
  live(5s);
  tell.receives(1, {0, 1}, 1).acknowledges({0, 1});
  live(6s);
  tell.ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, SaysNothingOfARunThatEndsBeforeTheBound) {
  tell.publishes({0, 1}).sequences({0, 1}, 1);
  live(20s);
  tell.heals();
  live(5s);
  tell.ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, ForgivesTheUnreachable) {
  tell.publishes({0, 1}).sequences({0, 1}, 1).detaches(0).detaches(1).heals().pass(11s);
  tell.receives(1, {0, 1}, 1).ends({});
  EXPECT_TRUE(judge.violations().empty());
}

TEST_F(LivenessChecker, ForgivesWhatIsInDoubtAfterStoppingAndForgetting) {
  tell.publishes({0, 1}).stops(0).detaches(0).attaches(0).publishes({0, 2}).forgets(0);
  tell.detaches(0).attaches(0).heals();
  live(11s);
  tell.ends({0, 1});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, RefusesADeadPeerNoticedTooLate) {
  tell.pass(1700ms).detaches(0);
  EXPECT_TRUE(breaks(judge, {"connection 1", "session 1/1", "silent", "keepalives of 1000000 µs"}));
}

TEST_F(LivenessChecker, AcceptsADeadPeerNoticedInTime) {
  tell.pass(1500ms).detaches(0).detaches(1);
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, RefusesADeadPeerNotNoticedAtTheEnd) {
  tell.pass(1s).hears(1).pass(700ms).ends({});
  EXPECT_TRUE(breaks(judge, {"connection 1", "silent"}));
}

TEST_F(LivenessChecker, RefusesADeadPeerThatIsHeardAgain) {
  tell.pass(1700ms).hears(0);
  EXPECT_TRUE(breaks(judge, {"connection 1", "silent"}));
}

TEST_F(LivenessChecker, DoesNotCountTheTimeInWhichTheServerStoodStill) {
  tell.pass(1s);
  judge.on_server_paused(tell.step(), true);
  tell.pass(5s);
  judge.on_server_paused(tell.step(), false);
  tell.pass(500ms).detaches(0).detaches(1);
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, CountsTheTimeAroundAPause) {
  tell.pass(1s);
  judge.on_server_paused(tell.step(), true);
  tell.pass(5s);
  judge.on_server_paused(tell.step(), false);
  tell.pass(800ms).detaches(0);
  EXPECT_TRUE(breaks(judge, {"connection 1", "silent"}));
}

TEST_F(LivenessChecker, ForgetsConnectionsOfAStoppedServer) {
  tell.pass(1s).restarts().pass(5s).ends({});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessChecker, RefusesAUserWhoBelievesInADeadConnection) {
  judge.on_session_detached(tell.step(), tell.session(0), errc::connection_lost);
  tell.heals();
  for (int i = 0; i != 11; ++i)
    tell.pass(1s).hears(1);
  tell.ends({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "believes itself connected"}));
}

TEST_F(LivenessChecker, RefusesAFalseAlarmOfTheServer) {
  tell.heals();
  live(22s);
  tell.detaches(0).attaches(0);
  judge.on_session_detached(tell.step(), tell.session(0), errc::keepalive_timeout);
  EXPECT_TRUE(breaks(judge, {"the server took connection", "session 1/1", "for dead"}));
}

TEST_F(LivenessChecker, RefusesAFalseAlarmOfTheClient) {
  tell.heals();
  live(11s);
  tell.detaches(0).attaches(0);
  judge.on_connection_lost(tell.step(), 0, tell.session(0), errc::keepalive_timeout);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "took its connection", "for dead"}));
}

/// It began to connect before the network was healed, and waits for as long as the kernel does.
TEST_F(LivenessChecker, LetsACopyThatConnectsLateBeTakenForDead) {
  tell.heals();
  live(20s);
  tell.detaches(0).attaches(0);
  judge.on_session_detached(tell.step(), tell.session(0), errc::keepalive_timeout);
  for (const auto& found : judge.violations())
    EXPECT_EQ(found.text.find("for dead"), std::string::npos) << found.text;
}

TEST_F(LivenessChecker, LetsConnectionsOfTheFaultPhaseDieLater) {
  tell.heals();
  live(11s);
  judge.on_session_detached(tell.step(), tell.session(0), errc::keepalive_timeout);
  judge.on_connection_lost(tell.step(), 0, tell.session(0), errc::keepalive_timeout);
  for (const auto& found : judge.violations())
    EXPECT_EQ(found.text.find("for dead"), std::string::npos) << found.text;
}

/// A dead way by UDP has to be noticed within 6 s.
struct LivenessOfUdp : LivenessChecker {
  void SetUp() override {
    LivenessChecker::SetUp();
    tell.proves_udp(0);
  }
};

TEST_F(LivenessOfUdp, AcceptsThatADeadWayIsNoticedInTime) {
  tell.blocks_udp(0, 20s);
  live(5s);
  tell.doubts_udp(0, false).doubts_udp(0, true);
  live(15s);
  tell.ends({});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessOfUdp, RefusesAClientThatBelievesInADeadWay) {
  tell.doubts_udp(0, true).blocks_udp(0, 8s);
  live(20s);
  tell.ends({});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1) believed in its way by UDP", "6000000 µs"}));
}

TEST_F(LivenessOfUdp, RefusesAServerThatBelievesInADeadWay) {
  tell.blocks_udp(0, 8s).doubts_udp(0, false);
  live(7s);
  tell.doubts_udp(0, true);
  EXPECT_TRUE(breaks(judge, {"the server, towards session 1/1 believed in its way by UDP"}));
}

TEST_F(LivenessOfUdp, CountsBlocksThatFollowEachOtherAsOne) {
  tell.doubts_udp(0, true).blocks_udp(0, 4s);
  live(3s);
  tell.blocks_udp(0, 4s);
  live(5s);
  tell.doubts_udp(0, false);
  EXPECT_TRUE(breaks(judge, {"user 0", "believed in its way by UDP"}));
}

TEST_F(LivenessOfUdp, CountsEachDirectionAlone) {
  tell.doubts_udp(0, true).blocks_udp(0, 4s, udp_directions::to_user);
  live(3s);
  // What was under way in the one direction has arrived before the other was open again.
  tell.blocks_udp(0, 4s, udp_directions::from_user);
  live(5s);
  tell.doubts_udp(0, false);
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessOfUdp, RefusesToBelieveInAWayThatIsBlockedInOneDirection) {
  tell.doubts_udp(0, true).blocks_udp(0, 8s, udp_directions::to_user);
  live(10s);
  tell.doubts_udp(0, false);
  EXPECT_TRUE(breaks(judge, {"user 0", "blocked since"}));
}

TEST_F(LivenessOfUdp, IsNotDeceivedByAnotherSizeOfTheSameWay) {
  tell.doubts_udp(0, false).blocks_udp(0, 8s);
  live(4s);
  judge.on_route_changed(tell.step(), tell.session(0), true);
  live(4s);
  tell.doubts_udp(0, true);
  EXPECT_TRUE(breaks(judge, {"the server, towards session 1/1 believed"}));
}

TEST_F(LivenessOfUdp, JudgesTheServerAlsoWhereTheUserHasANewSession) {
  tell.blocks_udp(0, 8s).doubts_udp(0, false);
  live(7s);
  tell.opens(0);
  EXPECT_TRUE(breaks(judge, {"the server, towards session 1/1 believed"}));
}

TEST_F(LivenessOfUdp, CountsNoMoreOfABlockThanLiesBeforeHeal) {
  tell.blocks_udp(0, 20s);
  live(5s);
  tell.heals();
  live(15s);
  tell.ends({});
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessOfUdp, CountsFromWhenTheWayWasBelievedIn) {
  tell.doubts_udp(0, false).doubts_udp(0, true).blocks_udp(0, 10s);
  live(5s);
  tell.proves_udp(0);
  live(5s);
  tell.doubts_udp(0, false).doubts_udp(0, true);
  EXPECT_TRUE(holds(judge));
}

TEST_F(LivenessOfUdp, AsksNothingOfAWayWhoseConnectionIsGone) {
  tell.blocks_udp(0, 10s).detaches(0);
  for (int i = 0; i != 16; ++i)
    tell.pass(500ms).hears(1);
  tell.ends({});
  EXPECT_TRUE(judge.violations().empty());
}

TEST_F(LivenessOfUdp, GivesAServerThatStoodStillItsTimeAgain) {
  tell.doubts_udp(0, false).blocks_udp(0, 20s);
  live(5s);
  judge.on_server_paused(tell.step(), true);
  tell.pass(7s);
  judge.on_server_paused(tell.step(), false);
  live(3s);
  tell.doubts_udp(0, true);
  EXPECT_TRUE(judge.violations().empty());
}

} // namespace
} // namespace kodama::sim::checkers
