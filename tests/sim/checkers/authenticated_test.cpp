#include "sim/checkers/authenticated.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct AuthenticatedChecker : testing::Test {
  authenticated judge;
  story tell{judge};
};

TEST_F(AuthenticatedChecker, AcceptsKnownUsersAndTheirMessages) {
  tell.opens(0).receives(0, {0, 1}, 1);
  EXPECT_TRUE(holds(judge));
  EXPECT_EQ(judge.exercised(), 2);
}

TEST_F(AuthenticatedChecker, RefusesAnIntruder) {
  judge.on_intruder_connected(tell.step(), 5);
  judge.on_intruder_connected(tell.step(), 5);
  EXPECT_TRUE(breaks(judge, {"user 5", "let in", "token"}));
}

TEST_F(AuthenticatedChecker, RefusesContentThatNobodyPublished) {
  tell.opens(0);
  judge.on_received_unknown(tell.step(), 0, tell.session(0), room);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "\"room\"", "no user has published"}));
}

TEST_F(AuthenticatedChecker, RefusesToSequenceContentThatNobodyPublished) {
  tell.opens(0).sequences({0, 1}, 1).sequences({0, 0}, 2);
  EXPECT_TRUE(breaks(judge, {"session 1/1", "as 2 of \"room\"", "no user has published"}));
}

} // namespace
} // namespace kodama::sim::checkers
