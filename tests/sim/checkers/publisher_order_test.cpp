#include "sim/checkers/publisher_order.hpp"

#include "tests/sim/checkers/story.hpp"

namespace kodama::sim::checkers {
namespace {

struct PublisherOrderChecker : testing::Test {
  publisher_order judge;
  story tell{judge};

  void SetUp() override { tell.opens(0).opens(1).opens(2).subscribes(2, 1); }
};

TEST_F(PublisherOrderChecker, AcceptsAnyMixtureOfAscendingPublishers) {
  tell.delivers(2, {0, 1}, 1).delivers(2, {1, 5}, 2).delivers(2, {0, 7}, 3).delivers(2, {1, 6}, 4);
  EXPECT_TRUE(holds(judge));
}

TEST_F(PublisherOrderChecker, IsNotExercisedByTheFirstMessage) {
  tell.delivers(2, {0, 1}, 1).delivers(2, {1, 1}, 2);
  EXPECT_EQ(judge.exercised(), 0);
}

TEST_F(PublisherOrderChecker, RefusesAnOlderMessageAfterANewerOne) {
  tell.receives(2, {0, 2}, 1).receives(2, {0, 1}, 2);
  EXPECT_TRUE(breaks(judge, {"user 2 (session 1/3)", "0#1 as 2", "0#2 as 1", "client 1"}));
}

TEST_F(PublisherOrderChecker, RefusesAServerThatSequencesInAnotherOrder) {
  tell.sequences({0, 2}, 1).sequences({0, 1}, 2);
  EXPECT_TRUE(breaks(judge, {"server", "0#1 as 2", "0#2 as 1", "session 1/1"}));
}

TEST_F(PublisherOrderChecker, JudgesEachTopicAndReceiverAlone) {
  tell.receives(2, {0, 2}, 1, "a").receives(2, {0, 1}, 1, "b").receives(1, {0, 1}, 1, "a");
  tell.receives(1, {0, 2}, 2, "a");
  EXPECT_TRUE(holds(judge));
}

TEST_F(PublisherOrderChecker, LetsAnOldSessionsMessagesComeAfterANewOnes) {
  const auto before = tell.session(0);
  tell.forgets(0).opens(0).receives(2, {0, 3}, 1);
  judge.on_received(tell.step(), 2, tell.session(2), room, 2, before.client, {0, 2}, false);
  EXPECT_TRUE(judge.violations().empty());
}

} // namespace
} // namespace kodama::sim::checkers
