#include "sim/event_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

instant at(duration since) {
  return instant{since};
}

RC_GTEST_PROP(EventQueue, RunsByTimeThenByOrderOfScheduling,
              (const std::vector<std::uint8_t>& times)) {
  event_queue queue;
  std::vector<std::pair<int, std::size_t>> ran;
  for (std::size_t i = 0; i != times.size(); ++i)
    queue.schedule(at(duration{times[i]}), [&, i] { ran.emplace_back(times[i], i); });
  while (queue.run_next()) {
  }
  RC_ASSERT(ran.size() == times.size());
  RC_ASSERT(std::is_sorted(ran.begin(), ran.end()));
}

RC_GTEST_PROP(EventQueue, RunsExactlyWhatWasNotCancelled,
              (const std::vector<std::pair<std::uint8_t, bool>>& events)) {
  event_queue queue;
  std::vector<std::size_t> ran;
  std::vector<std::size_t> expected;
  std::vector<event_token> tokens;
  for (std::size_t i = 0; i != events.size(); ++i)
    tokens.push_back(
        queue.schedule(at(duration{events[i].first}), [&ran, i] { ran.push_back(i); }));
  for (std::size_t i = 0; i != events.size(); ++i) {
    if (events[i].second)
      RC_ASSERT(queue.cancel(tokens[i]));
    else
      expected.push_back(i);
  }
  RC_ASSERT(queue.size() == expected.size());
  while (queue.run_next()) {
  }
  std::sort(ran.begin(), ran.end());
  RC_ASSERT(ran == expected);
  for (const auto& token : tokens)
    RC_ASSERT(!queue.cancel(token));
}

TEST(EventQueue, SurvivesATimerThatIsRestartedForEver) {
  event_queue queue;
  int fired = 0;
  event_token timer;
  for (int i = 0; i != 100'000; ++i) {
    queue.cancel(timer);
    timer = queue.schedule_in(1s, [&fired] { ++fired; });
  }
  EXPECT_EQ(queue.size(), 1u);
  while (queue.run_next()) {
  }
  EXPECT_EQ(fired, 1);
}

TEST(EventQueue, RunsNowWhatIsScheduledForThePast) {
  event_queue queue{at(10s)};
  instant when{};
  queue.schedule(at(1s), [&] { when = queue.now(); });
  EXPECT_TRUE(queue.run_next());
  EXPECT_EQ(when, at(10s));
}

TEST(EventQueue, LetsCallbacksScheduleAndCancel) {
  event_queue queue;
  int ran = 0;
  const auto doomed = queue.schedule(at(2s), [&ran] { ran += 100; });
  queue.schedule(at(1s), [&] {
    EXPECT_TRUE(queue.cancel(doomed));
    queue.schedule_in(5s, [&ran] { ++ran; });
  });
  while (queue.run_next()) {
  }
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(queue.now(), at(6s));
}

TEST(EventQueue, StopsWhereItIsTold) {
  event_queue queue;
  int ran = 0;
  for (const auto when : {1s, 2s, 3s})
    queue.schedule(at(when), [&ran] { ++ran; });
  queue.run_until(at(2s));
  EXPECT_EQ(ran, 2);
  queue.advance_to(at(2500ms));
  EXPECT_EQ(queue.now(), at(2500ms));
  EXPECT_EQ(queue.next_time(), at(3s));
}

TEST(EventQueue, DestroysCapturesWhenCancelled) {
  event_queue queue;
  auto held = std::make_shared<int>(1);
  const auto token = queue.schedule_in(1s, [held] {});
  EXPECT_EQ(held.use_count(), 2);
  queue.cancel(token);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Callback, KeepsLargeCapturesToo) {
  event_queue queue;
  std::array<std::uint64_t, 40> large{};
  large[39] = 7;
  std::uint64_t seen = 0;
  queue.schedule_in(1s,
                    [large, &seen, only = std::make_unique<int>(1)] { seen = large[39] + *only; });
  queue.run_next();
  EXPECT_EQ(seen, 8u);
}

} // namespace
} // namespace kodama::sim
