#include "sim/checkers/bounded_memory.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct BoundedMemoryChecker : testing::Test {
  bounded_memory judge{some_bounds};
  story tell{judge};
};

TEST_F(BoundedMemoryChecker, AcceptsBothLimitsToTheFull) {
  tell.opens(0).opens(1).opens(2);
  judge.on_backlog(tell.step(), tell.session(0), 1000);
  EXPECT_TRUE(holds(judge));
}

TEST_F(BoundedMemoryChecker, RefusesAByteTooMany) {
  tell.opens(0);
  judge.on_backlog(tell.step(), tell.session(0), 1001);
  judge.on_backlog(tell.step(), tell.session(0), 1002);
  EXPECT_TRUE(breaks(judge, {"1001 bytes", "session 1/1", "session_buffer_max is 1000"}));
}

TEST_F(BoundedMemoryChecker, RefusesASessionTooMany) {
  tell.opens(0).opens(1).opens(2).opens(3).opens(4);
  EXPECT_TRUE(breaks(judge, {"session 1/4", "4th", "sessions_max is 3"}));
}

TEST_F(BoundedMemoryChecker, CountsOnlyWhatIsOpen) {
  tell.opens(0).opens(1).opens(2).ends_session(0).opens(3);
  EXPECT_TRUE(holds(judge));
}

TEST_F(BoundedMemoryChecker, BeginsAnewWithEachServer) {
  tell.opens(0).opens(1).opens(2).restarts().opens(0).opens(1).opens(2);
  EXPECT_TRUE(holds(judge));
}

TEST_F(BoundedMemoryChecker, RefusesToKeepAnybodyBeyondTheResumeWindow) {
  tell.opens(0).detaches(0).pass(29s).ends({});
  EXPECT_TRUE(breaks(judge, {"keeps session 1/1", "no connection", "resume window"}));
}

TEST_F(BoundedMemoryChecker, LetsAServerKeepWhoMayStillComeBack) {
  tell.opens(0).detaches(0).pass(27s).ends({});
  EXPECT_TRUE(holds(judge));
}

TEST_F(BoundedMemoryChecker, CountsTheResumeWindowFromTheLatestConnection) {
  tell.opens(0).detaches(0).pass(20s).attaches(0).pass(20s).detaches(0).pass(20s).ends({});
  EXPECT_TRUE(holds(judge));
}

TEST_F(BoundedMemoryChecker, KnowsThatASessionWhichEndedIsKeptByNobody) {
  tell.opens(0).opens(1).detaches(0).detaches(1).ends_session(0).restarts();
  judge.on_session_detached(tell.step(), {1, 2}, errc::connection_lost);
  tell.pass(60s).ends({});
  EXPECT_TRUE(holds(judge));
}

TEST_F(BoundedMemoryChecker, RefusesFiltersOfASessionThatHasEnded) {
  tell.opens(0);
  judge.on_filters(tell.step(), tell.session(0), 2);
  judge.on_filters(tell.step(), tell.session(0), 1);
  tell.ends_session(0).pass(11s).ends({});
  EXPECT_TRUE(breaks(judge, {"keeps 1 filters of session 1/1", "has ended"}));
}

TEST_F(BoundedMemoryChecker, RefusesFiltersThatComeAfterTheEnd) {
  tell.opens(0).ends_session(0);
  judge.on_filters(tell.step(), tell.session(0), 1);
  tell.pass(11s).ends({});
  EXPECT_TRUE(breaks(judge, {"keeps 1 filters of session 1/1"}));
}

TEST_F(BoundedMemoryChecker, AcceptsFiltersThatEndWithTheirSessionOrServer) {
  tell.opens(0).opens(1);
  judge.on_filters(tell.step(), tell.session(0), 1);
  judge.on_filters(tell.step(), tell.session(1), 1);
  tell.ends_session(0);
  judge.on_filters(tell.step(), tell.session(0), 0);
  tell.ends_session(1).restarts().pass(60s).ends({});
  EXPECT_TRUE(holds(judge));
}

} // namespace
} // namespace kodama::sim::checkers
