#include "protocol/receive_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace kodama {
namespace {

using std::chrono::milliseconds;
using verdict = receive_window::verdict;

constexpr receive_window::options usual{.ack_delay = milliseconds{20}, .ack_every = 4};

instant at(int ms) {
  return instant{} + std::chrono::hours{1} + milliseconds{ms};
}

void receive(receive_window& window, message_id through) {
  while (window.received() != through)
    ASSERT_EQ(window.handle_message(window.received() + 1), verdict::fresh);
}

TEST(ReceiveWindow, TakesEachMessageOnceAndInOrder) {
  receive_window window{usual};
  EXPECT_EQ(window.handle_message(1), verdict::fresh);
  EXPECT_EQ(window.handle_message(1), verdict::duplicate);
  EXPECT_EQ(window.handle_message(3), verdict::gap);
  EXPECT_EQ(window.received(), 1U) << "a gap leaves no trace";
  EXPECT_EQ(window.handle_message(2), verdict::fresh);
  EXPECT_EQ(window.received(), 2U);
}

TEST(ReceiveWindow, LetsAnAcknowledgementWaitForCompany) {
  receive_window window{usual};
  receive(window, 2);
  EXPECT_EQ(window.poll_timeout(), never);
  window.complete(at(0), 1);
  EXPECT_EQ(window.poll_timeout(), at(20));
  window.complete(at(19), 2);
  EXPECT_EQ(window.poll_timeout(), at(20)) << "company does not prolong the wait";
  EXPECT_FALSE(window.poll_ack(at(19)).has_value());
  EXPECT_EQ(window.poll_ack(at(20)), 2U);
  EXPECT_FALSE(window.poll_ack(at(20)).has_value()) << "it counts as sent";
  EXPECT_EQ(window.poll_timeout(), never);
}

TEST(ReceiveWindow, AcknowledgesManyAtOnce) {
  receive_window window{usual};
  receive(window, 4);
  for (message_id id = 1; id != 4; ++id)
    window.complete(at(0), id);
  EXPECT_FALSE(window.poll_ack(at(0)).has_value());
  window.complete(at(1), 4);
  EXPECT_EQ(window.poll_ack(at(1)), 4U);
}

TEST(ReceiveWindow, AcknowledgesOnlyWhatIsCompletedWithoutAGap) {
  receive_window window{usual};
  receive(window, 3);
  window.complete(at(0), 3);
  window.complete(at(0), 2);
  EXPECT_EQ(window.completed(), 0U);
  EXPECT_EQ(window.poll_timeout(), never);
  window.complete(at(0), 1);
  EXPECT_EQ(window.completed(), 3U);
  EXPECT_EQ(window.poll_ack(at(20)), 3U);
}

TEST(ReceiveWindow, AnswersADuplicateAtOnce) {
  receive_window window{usual};
  receive(window, 2);
  window.complete(at(0), 1);
  EXPECT_EQ(window.poll_ack(at(20)), 1U);
  EXPECT_EQ(window.handle_message(1), verdict::duplicate);
  EXPECT_LE(window.poll_timeout(), at(20));
  EXPECT_EQ(window.poll_ack(at(20)), 1U);
}

TEST(ReceiveWindow, HasNothingToAcknowledgeBeforeTheFirstCompletion) {
  receive_window window{usual};
  receive(window, 1);
  EXPECT_EQ(window.handle_message(1), verdict::duplicate);
  window.handle_resume(at(0));
  EXPECT_EQ(window.poll_timeout(), never);
  EXPECT_FALSE(window.poll_ack(at(100)).has_value());
}

TEST(ReceiveWindow, AcknowledgesAfreshOnANewConnection) {
  receive_window window{usual};
  receive(window, 1);
  window.complete(at(0), 1);
  EXPECT_EQ(window.poll_ack(at(20)), 1U);
  window.handle_resume(at(30));
  EXPECT_EQ(window.poll_timeout(), at(30));
  EXPECT_EQ(window.poll_ack(at(30)), 1U);
}

TEST(ReceiveWindow, CountsWhatItHoldsOpen) {
  receive_window window{usual};
  receive(window, 5);
  window.complete(at(0), 1);
  window.complete(at(0), 3);
  EXPECT_EQ(window.pending(), 4U);
  EXPECT_EQ(window.unacknowledged(), 5U);
  EXPECT_EQ(window.poll_ack(at(20)), 1U);
  EXPECT_EQ(window.unacknowledged(), 4U);
}

TEST(ReceiveWindow, ForgetsNoEarlyCompletionAsMoreComeThanItHasRoomFor) {
  receive_window window{usual};
  receive(window, 1'000);
  for (message_id id = 2; id <= 1'000; ++id)
    window.complete(at(0), id);
  EXPECT_EQ(window.completed(), 0U);
  window.complete(at(0), 1);
  EXPECT_EQ(window.completed(), 1'000U);
}

TEST(ReceiveWindowDeathTest, TakesNoCompletionTwiceAndNoneInAdvance) {
  receive_window window{usual};
  receive(window, 3);
  window.complete(at(0), 1);
  window.complete(at(0), 3);
  EXPECT_DEATH(window.complete(at(0), 1), "assertion failed");
  EXPECT_DEATH(window.complete(at(0), 3), "assertion failed");
  EXPECT_DEATH(window.complete(at(0), 4), "assertion failed");
}

// Against the obvious model: a set of what is completed. The window slides far enough for its ring
// to grow and to wrap.
RC_GTEST_PROP(ReceiveWindow, CompletesInAnyOrder, (std::uint32_t seed)) {
  receive_window window{usual};
  std::set<message_id> open;
  message_id received = 0;
  const auto rounds = *rc::gen::inRange(0, 40);
  for (int round = 0; round != rounds; ++round) {
    for (auto more = *rc::gen::inRange(0, 150); more != 0; --more) {
      RC_ASSERT(window.handle_message(++received) == verdict::fresh);
      open.insert(received);
    }
    for (auto more = *rc::gen::inRange(0, 150); more != 0 && !open.empty(); --more) {
      seed = seed * 1664525 + 1013904223; // Knuth's; RapidCheck's own draws would take too long
      const auto chosen = std::next(
          open.begin(),
          static_cast<std::ptrdiff_t>((seed >> 8) % std::min<std::size_t>(open.size(), 90)));
      window.complete(at(0), *chosen);
      open.erase(chosen);
      RC_ASSERT(window.completed() == (open.empty() ? received : *open.begin() - 1));
    }
    RC_ASSERT(window.pending() == received - window.completed());
    if (const auto acknowledged = window.poll_ack(at(1'000)))
      RC_ASSERT(*acknowledged == window.completed());
    RC_ASSERT(window.unacknowledged() == window.pending());
  }
}

} // namespace
} // namespace kodama
