#include "actors/runtime/timer_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace kodama::runtime {
namespace {

/// Writes its number down when it fires.
class numbered final : public timer {
public:
  numbered(int number, std::vector<int>& fired)
      : number_{number}
      , fired_{fired} {}

private:
  void fire() override { fired_.push_back(number_); }

  int number_;
  std::vector<int>& fired_;
};

instant at(int ms) {
  return instant{std::chrono::milliseconds{ms}};
}

TEST(TimerQueue, FiresInTheOrderOfTimeThenOfArming) {
  std::vector<int> fired;
  timer_queue queue;
  numbered a{1, fired};
  numbered b{2, fired};
  numbered c{3, fired};
  a.arm(queue, at(5));
  b.arm(queue, at(3));
  c.arm(queue, at(5));
  queue.fire_due(at(4));
  EXPECT_EQ(fired, (std::vector{2}));
  EXPECT_EQ(queue.next(), at(5));
  queue.fire_due(at(5));
  EXPECT_EQ(fired, (std::vector{2, 1, 3}));
  EXPECT_EQ(queue.next(), never);
}

TEST(TimerQueue, ForgetsATimerThatIsDestroyed) {
  std::vector<int> fired;
  timer_queue queue;
  {
    numbered gone{1, fired};
    gone.arm(queue, at(1));
  }
  queue.fire_due(at(2));
  EXPECT_TRUE(fired.empty());
}

TEST(TimerQueue, DisarmsAtNever) {
  std::vector<int> fired;
  timer_queue queue;
  numbered a{1, fired};
  a.arm(queue, at(1));
  a.arm(queue, never);
  EXPECT_FALSE(a.armed());
  queue.fire_due(at(2));
  EXPECT_TRUE(fired.empty());
}

// Against the obvious model: a list that is sorted when it is looked at.
RC_GTEST_PROP(TimerQueue, AgreesWithASortedList, (const std::vector<std::pair<int, int>>& moves)) {
  constexpr int count = 8;
  std::vector<int> fired;
  timer_queue queue;
  std::vector<std::unique_ptr<numbered>> timers;
  for (int i = 0; i != count; ++i)
    timers.push_back(std::make_unique<numbered>(i, fired));
  struct entry {
    int when;
    std::size_t order;
    int number;
  };
  std::vector<entry> model;
  const auto drop = [&](int number) {
    std::erase_if(model, [&](const entry& e) { return e.number == number; });
  };
  std::size_t order = 0;
  for (const auto& [what, when_raw] : moves) {
    const int number = std::abs(what % count);
    const int when = std::abs(when_raw % 50);
    if (what % 3 == 0) {
      timers[static_cast<std::size_t>(number)]->cancel();
      drop(number);
    } else {
      auto& chosen = *timers[static_cast<std::size_t>(number)];
      if (!chosen.armed() || chosen.at() != at(when)) {
        drop(number);
        model.push_back({when, order++, number});
      }
      chosen.arm(queue, at(when));
    }
  }
  std::sort(model.begin(), model.end(), [](const entry& a, const entry& b) {
    return a.when != b.when ? a.when < b.when : a.order < b.order;
  });
  queue.fire_due(at(1000));
  std::vector<int> expected;
  for (const auto& e : model)
    expected.push_back(e.number);
  RC_ASSERT(fired == expected);
}

} // namespace
} // namespace kodama::runtime
