#include "protocol/latest_filter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <utility>
#include <vector>

namespace kodama {
namespace {

struct arrival {
  std::string topic;
  std::uint64_t sender;
  std::uint64_t number;
};

/// The promise without a limit: the greatest number of each key.
class unlimited_filter {
public:
  bool accept(const arrival& a) {
    auto& latest = latest_[{a.topic, a.sender}];
    if (a.number <= latest)
      return false;
    latest = a.number;
    return true;
  }

private:
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> latest_;
};

constexpr std::uint64_t topics = 3;
constexpr std::uint64_t senders = 2;

arrival draw_arrival(std::uint64_t number, std::uint64_t key) {
  return {std::string(1, static_cast<char>('a' + key % topics)), key / topics % senders, number};
}

/// A counter's numbers, each with a key of its own, arriving shuffled, repeated and with losses.
std::vector<arrival> draw_arrivals() {
  const auto keys = *rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::inRange<std::uint64_t>(0, topics * senders));
  std::vector<arrival> arrivals;
  if (keys.empty())
    return arrivals;
  const auto order =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, keys.size()));
  for (const auto index : order)
    arrivals.push_back(draw_arrival(index + 1, keys[index]));
  return arrivals;
}

bool accept(latest_filter& filter, const arrival& a) {
  return filter.accept(a.topic, a.sender, a.number);
}

RC_GTEST_PROP(LatestFilter, LetsPassWhatAnUnlimitedOneLetsPassWhileThereIsRoom, ()) {
  latest_filter filter{topics * senders};
  unlimited_filter model;
  for (const auto& a : draw_arrivals())
    RC_ASSERT(accept(filter, a) == model.accept(a));
}

RC_GTEST_PROP(LatestFilter, LetsPassNoMoreThanAnUnlimitedOneWhenFull, ()) {
  const auto keys_max = *rc::gen::inRange<std::size_t>(0, topics * senders);
  latest_filter filter{keys_max};
  unlimited_filter model;
  for (const auto& a : draw_arrivals()) {
    const bool may = model.accept(a);
    RC_ASSERT(!accept(filter, a) || may);
    RC_ASSERT(filter.size() <= keys_max);
  }
}

RC_GTEST_PROP(LatestFilter, LosesNothingThatArrivesInOrderHoweverSmallItIs,
              (const std::vector<std::uint64_t>& keys)) {
  latest_filter filter{*rc::gen::inRange<std::size_t>(0, 4)};
  std::uint64_t number = 0;
  for (const auto key : keys)
    RC_ASSERT(accept(filter, draw_arrival(++number, key)));
}

// A hostile peer numbers as it likes; still nothing passes twice or out of order.
RC_GTEST_PROP(LatestFilter, HoldsItsPromiseWhateverThePeerNumbers, ()) {
  const auto keys_max = *rc::gen::inRange<std::size_t>(0, 5);
  latest_filter filter{keys_max};
  unlimited_filter passed;
  const auto drawn = *rc::gen::arbitrary<std::vector<std::pair<std::uint8_t, std::uint8_t>>>();
  for (const auto& [number, key] : drawn) {
    const auto a = draw_arrival(number, key);
    if (accept(filter, a))
      RC_ASSERT(passed.accept(a));
    RC_ASSERT(filter.size() <= keys_max);
  }
}

TEST(LatestFilter, TellsTopicsAndSendersApart) {
  latest_filter filter{10};
  EXPECT_TRUE(filter.accept("a", 1, 5));
  EXPECT_TRUE(filter.accept("a", 2, 4));
  EXPECT_TRUE(filter.accept("b", 1, 3));
  EXPECT_FALSE(filter.accept("a", 1, 2));
  EXPECT_FALSE(filter.accept("a", 1, 5));
  EXPECT_TRUE(filter.accept("a", 1, 6));
  EXPECT_EQ(filter.size(), 3U);
}

TEST(LatestFilter, ForgetsTheKeyWithTheOldestNumber) {
  latest_filter filter{2};
  EXPECT_TRUE(filter.accept("a", 0, 1));
  EXPECT_TRUE(filter.accept("b", 0, 5));
  EXPECT_TRUE(filter.accept("c", 0, 9)); // forgets a: 1 is the floor now
  EXPECT_FALSE(filter.accept("a", 0, 1));
  EXPECT_TRUE(filter.accept("b", 0, 6)) << "b is still known by its own number";
  EXPECT_TRUE(filter.accept("a", 0, 2)) << "above the floor, and forgotten at once";
  EXPECT_FALSE(filter.accept("a", 0, 2));
}

} // namespace
} // namespace kodama
