#include "sim/checkers/no_silent_loss.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct NoSilentLossChecker : testing::Test {
  no_silent_loss judge{some_bounds};
  story tell{judge};

  void SetUp() override { tell.opens(0); }
};

TEST_F(NoSilentLossChecker, AcceptsAnHonestReport) {
  tell.subscribes(0, 4).receives(0, {0, 1}, 4).receives(0, {0, 2}, 5).subscribes(0, 1, "b");
  tell.publishes({0, 1}).publishes({0, 2}).publishes({0, 3}, false).publishes({0, 4});
  tell.acknowledges({0, 1}).loses_session(0, {{0, 2}, {0, 4}}, {{"b", 0, 1}, {"room", 5, 4}});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, MovesWhatWasPublishedInBetweenToTheNextSession) {
  tell.publishes({0, 1}).loses_session(0, {{0, 1}}).publishes({0, 2}).opens(0);
  tell.publishes({0, 3}).acknowledges({0, 2}).loses_session(0, {{0, 3}});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, RefusesAnUnconfirmedPublishLeftOut) {
  tell.publishes({0, 1}).publishes({0, 2}).loses_session(0, {{0, 1}});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "unconfirmed are 0#1,", "open are 0#1 0#2",
                             "0#2 was neither"}));
}

TEST_F(NoSilentLossChecker, RefusesAnAcknowledgedPublishInTheReport) {
  tell.publishes({0, 1}).acknowledges({0, 1}).loses_session(0, {{0, 1}});
  EXPECT_TRUE(breaks(judge, {"open are none", "0#1 is not open"}));
}

TEST_F(NoSilentLossChecker, RefusesAFailedPublishInTheReport) {
  tell.publishes({0, 1});
  judge.on_publish_failed(tell.step(), 0, tell.session(0), {0, 1}, errc::too_many_topics);
  tell.loses_session(0, {{0, 1}});
  EXPECT_TRUE(breaks(judge, {"0#1 is not open"}));
}

TEST_F(NoSilentLossChecker, RefusesAReportInAnotherOrder) {
  tell.publishes({0, 1}).publishes({0, 2}).loses_session(0, {{0, 2}, {0, 1}});
  EXPECT_TRUE(breaks(judge, {"0#2 0#1", "0#1 0#2", "order"}));
}

TEST_F(NoSilentLossChecker, ShortensLongLists) {
  for (std::uint32_t i = 1; i != 100; ++i)
    tell.publishes({0, i});
  tell.loses_session(0, {});
  EXPECT_TRUE(breaks(judge, {"0#8 … 99 in all", "0#1 was neither"}));
}

TEST_F(NoSilentLossChecker, RefusesATopicLeftOut) {
  tell.subscribes(0, 4).receives(0, {0, 1}, 4).loses_session(0, {}, {});
  EXPECT_TRUE(breaks(judge, {"not told of \"room\"", "from 4 on", "through 4"}));
}

TEST_F(NoSilentLossChecker, RefusesWrongNumbersOfATopic) {
  tell.subscribes(0, 4).receives(0, {0, 1}, 4).loses_session(0, {}, {{"room", 5, 4}});
  EXPECT_TRUE(breaks(judge, {"\"room\" from 4 on and received through 5", "received through 4"}));
}

TEST_F(NoSilentLossChecker, RefusesAWrongBeginningOfATopic) {
  tell.subscribes(0, 4).loses_session(0, {}, {{"room", 0, 5}});
  EXPECT_TRUE(breaks(judge, {"from 5 on", "from 4 on"}));
}

TEST_F(NoSilentLossChecker, RefusesATopicTwice) {
  tell.subscribes(0, 4).loses_session(0, {}, {{"room", 0, 4}, {"room", 0, 4}});
  EXPECT_TRUE(breaks(judge, {"told twice"}));
}

TEST_F(NoSilentLossChecker, RefusesATopicThatIsNotSubscribed) {
  tell.subscribes(0, 4).unsubscribes(0, 4).loses_session(0, {}, {{"room", 0, 4}});
  EXPECT_TRUE(breaks(judge, {"gap in \"room\"", "not subscribed"}));
}

TEST_F(NoSilentLossChecker, KeepsTheFirstAnswerOfASecondSubscribe) {
  tell.subscribes(0, 4).receives(0, {0, 1}, 4).subscribes(0, 5);
  tell.loses_session(0, {}, {{"room", 4, 4}});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, RefusesAnAcknowledgementOfWhatWasCalledUnconfirmed) {
  tell.publishes({0, 1}).loses_session(0, {{0, 1}}).opens(0).acknowledges({0, 1});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/2)", "0#1", "unconfirmed"}));
}

TEST_F(NoSilentLossChecker, VoidsWhatIsOpenWhenAUserStopsOrForgets) {
  tell.publishes({0, 1}).acknowledges({0, 1}).subscribes(0, 1).stops(0).opens(0);
  tell.publishes({0, 2}).forgets(0).opens(0).loses_session(0, {});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, RefusesToStopUnasked) {
  judge.on_stopped(tell.step(), 0, tell.session(0), errc::normal);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "for good", "not asked"}));
}

TEST_F(NoSilentLossChecker, RefusesToGiveUpASessionUnasked) {
  judge.on_session_lost(tell.step(), 0, tell.session(0), errc::normal, {}, {});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "gave up", "not asked"}));
}

TEST_F(NoSilentLossChecker, AsksAnewInTheNextSession) {
  tell.stops(0).opens(0);
  judge.on_stopped(tell.step(), 0, tell.session(0), errc::normal);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/2)", "not asked"}));
}

TEST_F(NoSilentLossChecker, RefusesALossForAQuarrelThatTheServerKnowsNothingOf) {
  judge.on_session_lost(tell.step(), 0, tell.session(0), errc::message_id_gap, {}, {});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "message_id_gap", "has not ended it"}));
}

TEST_F(NoSilentLossChecker, RefusesToStopWithoutAWordOfWhatIsOpen) {
  tell.publishes({0, 1}).publishes({0, 2}).stops(0);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "for good", "0#1 0#2"}));
}

TEST_F(NoSilentLossChecker, RefusesToStopForACauseWithoutAWordOfTheSession) {
  judge.on_stopped(tell.step(), 0, tell.session(0), errc::bad_token);
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "for good", "not told that its session"}));
}

TEST_F(NoSilentLossChecker, AcceptsToStopForACauseAfterTheReport) {
  tell.publishes({0, 1}).loses_session(0, {{0, 1}});
  judge.on_stopped(tell.step(), 0, tell.session(0), errc::bad_token);
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, RefusesALossOfTheSessionWithTheConnection) {
  judge.on_session_lost(tell.step(), 0, tell.session(0), errc::keepalive_timeout, {}, {});
  EXPECT_TRUE(
      breaks(judge, {"user 0 (session 1/1)", "keepalive_timeout", "no more than a connection"}));
}

TEST_F(NoSilentLossChecker, RefusesABeliefInASessionThatEnded) {
  tell.ends_session(0).pass(11s).ends({0});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "still believes", "ended it"}));
}

TEST_F(NoSilentLossChecker, RefusesABeliefInAServerThatStopped) {
  tell.restarts().heals().pass(11s).ends({0});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "still believes"}));
}

TEST_F(NoSilentLossChecker, GivesTheReachableTimeToNotice) {
  tell.ends_session(0).pass(5s).ends({0});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, CountsTheTimeToNoticeFromHealing) {
  tell.ends_session(0).pass(20s).heals().pass(5s).ends({0});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, ExpectsNothingOfTheUnreachable) {
  tell.ends_session(0).pass(11s).ends({});
  EXPECT_TRUE(judge.violations().empty());
}

TEST_F(NoSilentLossChecker, IsContentWithABeliefInTheNextSession) {
  tell.restarts().loses_session(0, {}).opens(0).pass(11s).ends({0});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, RefusesALossOfWhatTheServerHasNotEnded) {
  judge.on_session_lost(tell.step(), 0, tell.session(0), errc::session_unknown, {}, {});
  EXPECT_TRUE(breaks(judge, {"user 0 (session 1/1)", "unknown", "has not ended it"}));
}

TEST_F(NoSilentLossChecker, BlamesAStrangerForALossOnlyWhereThereIsOne) {
  for (const auto reason : {errc::taken_over, errc::resume_impossible}) {
    no_silent_loss alone{some_bounds};
    story{alone}.opens(0).detaches(0).attaches(0);
    alone.on_session_lost(tell.step(), 0, tell.session(0), reason, {}, {});
    EXPECT_TRUE(breaks(alone, {"user 0 (session 1/1)", to_string(reason).data(), "nobody else"}));

    no_silent_loss shared{some_bounds};
    story{shared}.opens(0);
    shared.on_second_copy(tell.step(), tell.session(0));
    shared.on_session_lost(tell.step(), 0, tell.session(0), reason, {}, {});
    EXPECT_TRUE(holds(shared));
  }
}

TEST_F(NoSilentLossChecker, RefusesAnEndForWhatConcernsOneConnectionAlone) {
  for (const auto reason : {errc::taken_over, errc::resume_impossible}) {
    no_silent_loss shared{some_bounds};
    story told{shared};
    told.opens(0);
    shared.on_second_copy(told.step(), told.session(0));
    told.ends_session(0, reason);
    EXPECT_TRUE(breaks(shared, {"ended session 1/1", "one connection alone"}));
  }
}

TEST_F(NoSilentLossChecker, RefusesAnEndBeforeTheResumeWindowIsOver) {
  tell.detaches(0).pass(13s).ends_session(0, errc::session_unknown);
  EXPECT_TRUE(breaks(judge, {"ended session 1/1", "without a connection", "resume window"}));
}

TEST_F(NoSilentLossChecker, RefusesThatASessionExpiresBelowItsConnection) {
  tell.detaches(0).attaches(0).pass(20s).ends_session(0, errc::session_unknown);
  EXPECT_TRUE(breaks(judge, {"ended session 1/1", "resume window"}));
}

TEST_F(NoSilentLossChecker, AcceptsAnEndByAClockThatIsALittleFast) {
  tell.detaches(0).pass(15s).ends_session(0, errc::session_unknown);
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, CountsTheResumeWindowByTheServersClock) {
  tell.detaches(0).pass(6s);
  judge.on_server_leapt(tell.step(), 9s);
  tell.ends_session(0, errc::session_unknown);
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, CountsNoLeapThatCameBeforeTheSessionWasLeftAlone) {
  judge.on_server_leapt(tell.step(), 9s);
  tell.detaches(0).pass(6s).ends_session(0, errc::session_unknown);
  EXPECT_TRUE(breaks(judge, {"ended session 1/1", "resume window"}));
}

TEST_F(NoSilentLossChecker, RefusesTheSecondAccusationOfACorrectClient) {
  tell.opens(1);
  judge.on_session_ended(tell.step(), tell.session(0), errc::message_id_gap);
  EXPECT_TRUE(holds(judge));
  judge.on_session_ended(tell.step(), tell.session(1), errc::malformed_message);
  EXPECT_TRUE(breaks(judge, {"ended session 1/2", "malformed_message", "keep to the rules"}));
}

TEST(NoSilentLossCheckerOfALargeBuffer, RefusesToCallAnybodySlowWhoIsOwedLittle) {
  auto limits = some_bounds;
  limits.session_buffer_max = 256 * 1024;
  no_silent_loss judge{limits};
  story tell{judge};
  tell.opens(0).opens(1);
  judge.on_backlog(tell.step(), tell.session(0), 200 * 1024);
  tell.ends_session(0, errc::slow_reader);
  EXPECT_TRUE(holds(judge));
  judge.on_backlog(tell.step(), tell.session(1), 30 * 1024);
  tell.ends_session(1, errc::slow_reader);
  EXPECT_TRUE(breaks(judge, {"session 1/2", "slow reader", "30720 bytes"}));
}

TEST_F(NoSilentLossChecker, AcceptsThatGarbageIsTooLong) {
  tell.opens(1);
  judge.on_session_ended(tell.step(), tell.session(0), errc::message_too_long);
  judge.on_session_ended(tell.step(), tell.session(1), errc::message_too_long);
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, AcceptsAReportWithAFilterAndWhatItBrought) {
  tell.subscribes_by(0, "+").receives(0, {0, 1}, 4).receives(0, {0, 2}, 5);
  tell.subscribes_by(0, "b/#").receives(0, {0, 3}, 1, "b/c").unsubscribes_by(0, "b/#");
  tell.loses_session(0, {}, {{"+", 0, 0}, {"room", 5, 4}});
  EXPECT_TRUE(holds(judge));
}

TEST_F(NoSilentLossChecker, RefusesAFilterLeftOut) {
  tell.subscribes_by(0, "+").loses_session(0, {});
  EXPECT_TRUE(breaks(judge, {"not told of \"+\""}));
}

TEST_F(NoSilentLossChecker, RefusesATopicLeftOutThatAFilterBrought) {
  tell.subscribes_by(0, "+").receives(0, {0, 1}, 4).loses_session(0, {}, {{"+", 0, 0}});
  EXPECT_TRUE(breaks(judge, {"not told of \"room\"", "from 4 on"}));
}

} // namespace
} // namespace kodama::sim::checkers
