#include "sim/checkers/one_owner.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct OneOwnerChecker : testing::Test {
  one_owner judge;
  story tell{judge};

  void SetUp() override { tell.opens(0); }
};

TEST_F(OneOwnerChecker, AcceptsOneConnectionAfterAnother) {
  tell.hears(0).detaches(0).attaches(0).hears(0);
  EXPECT_TRUE(holds(judge));
}

TEST_F(OneOwnerChecker, IsNotExercisedByASingleConnection) {
  tell.hears(0).hears(0);
  EXPECT_EQ(judge.exercised(), 0);
}

TEST_F(OneOwnerChecker, RefusesBytesOfTheOldConnectionAfterATakeover) {
  tell.detaches(0).attaches(0);
  judge.on_heard(tell.step(), tell.session(0), 1);
  EXPECT_TRUE(breaks(judge, {"connection 1", "session 1/1", "connection 2 has carried it"}));
}

TEST_F(OneOwnerChecker, RefusesBytesForADetachedSession) {
  tell.detaches(0).hears(0);
  EXPECT_TRUE(breaks(judge, {"connection 1", "no connection carries it", "detached"}));
}

TEST_F(OneOwnerChecker, RefusesBytesForASessionThatEnded) {
  tell.ends_session(0).hears(0);
  EXPECT_TRUE(breaks(judge, {"connection 1", "session 1/1", "had ended", "slow_reader"}));
}

TEST_F(OneOwnerChecker, RefusesBytesForTheSessionOfAStoppedServer) {
  tell.restarts().hears(0);
  EXPECT_TRUE(breaks(judge, {"session 1/1", "had ended", "going_away"}));
}

TEST_F(OneOwnerChecker, RefusesBytesForASessionThatNobodyAttachedTo) {
  judge.on_heard(tell.step(), {1, 9}, 7);
  EXPECT_TRUE(breaks(judge, {"connection 7", "session 1/9", "ever attached"}));
}

TEST_F(OneOwnerChecker, RefusesAConnectionAttachedTwice) {
  tell.detaches(0);
  judge.on_attached(tell.step(), {1, 9}, 1, 1s);
  EXPECT_TRUE(breaks(judge, {"connection 1", "session 1/9", "carried session 1/1 before"}));
}

TEST_F(OneOwnerChecker, RefusesANewConnectionBesideTheOldOne) {
  tell.attaches(0);
  EXPECT_TRUE(breaks(judge, {"connection 2", "connection 1", "still carried"}));
}

TEST_F(OneOwnerChecker, RefusesANewConnectionOfASessionThatEnded) {
  tell.detaches(0).ends_session(0);
  judge.on_attached(tell.step(), tell.session(0), 2, 1s);
  EXPECT_TRUE(breaks(judge, {"connection 2", "session 1/1", "had ended"}));
}

TEST_F(OneOwnerChecker, LetsTheNextServerGiveTheSameClientIdAgain) {
  tell.detaches(0).attaches(0).restarts().opens(0).hears(0);
  EXPECT_TRUE(holds(judge));
}

TEST_F(OneOwnerChecker, AcceptsATakeoverInOneStep) {
  judge.on_session_detached(tell.step(), tell.session(0), errc::taken_over);
  judge.on_attached(tell.now(), tell.session(0), 2, 1s);
  judge.on_heard(tell.step(), tell.session(0), 2);
  tell.ends({0});
  EXPECT_TRUE(holds(judge));
}

TEST_F(OneOwnerChecker, RefusesATakeoverByNobody) {
  judge.on_session_detached(tell.step(), tell.session(0), errc::taken_over);
  tell.step();
  tell.ends({0});
  EXPECT_TRUE(breaks(judge, {"connection 1", "session 1/1", "taken over", "no other connection"}));
}

TEST_F(OneOwnerChecker, RefusesATakeoverThatIsFollowedByAResumeMuchLater) {
  tell.detaches(0).attaches(0);
  judge.on_session_detached(tell.step(), tell.session(0), errc::taken_over);
  tell.pass(1s).attaches(0);
  EXPECT_TRUE(breaks(judge, {"connection 2", "taken over", "no other connection"}));
}

} // namespace
} // namespace kodama::sim::checkers
