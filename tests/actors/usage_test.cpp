#include "actors/usage.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace kodama::actors {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t day = 86'400'000'000;

TEST(Usage, MonthsAreTheCalendars) {
  EXPECT_EQ(month_of(0), 1970U * 12);
  EXPECT_EQ(month_of(31 * day - 1), 1970U * 12);
  EXPECT_EQ(month_of(31 * day), 1970U * 12 + 1);
  EXPECT_EQ(month_of(1'795'392'000'000'000), 2026U * 12 + 10); // 23 November 2026
}

TEST(Usage, AMonthBeginsAnew) {
  usage used;
  EXPECT_TRUE(used.take_message(100, 2));
  EXPECT_TRUE(used.take_message(100, 2));
  EXPECT_FALSE(used.take_message(100, 2));
  EXPECT_EQ(used.messages(100), 2U);
  EXPECT_TRUE(used.take_message(101, 2));
  EXPECT_EQ(used.messages(101), 1U);
  EXPECT_EQ(used.messages(100), 0U);
}

TEST(Usage, GoesOnWhereItWasWrittenDown) {
  usage used;
  used.restore(100, 1);
  EXPECT_EQ(used.month(), 100U);
  EXPECT_TRUE(used.take_message(100, 2));
  EXPECT_FALSE(used.take_message(100, 2));
}

TEST(Usage, WithoutALimitItIsCountedAllTheSame) {
  usage used;
  for (int i = 0; i != 5; ++i)
    EXPECT_TRUE(used.take_message(1, 0));
  EXPECT_EQ(used.messages(1), 5U);
}

TEST(Usage, ARateLetsASecondsWorthThroughAtOnce) {
  usage used;
  const instant start{1h};
  for (int i = 0; i != 10; ++i)
    EXPECT_TRUE(used.take_rate(start, 10)) << i;
  EXPECT_FALSE(used.take_rate(start, 10));
  EXPECT_FALSE(used.take_rate(start + 99ms, 10));
  EXPECT_TRUE(used.take_rate(start + 100ms, 10));
  EXPECT_FALSE(used.take_rate(start + 100ms, 10));
  for (int i = 0; i != 10; ++i)
    EXPECT_TRUE(used.take_rate(start + 1h, 10)) << i;
}

TEST(Usage, StorageIsGivenBack) {
  usage used;
  EXPECT_TRUE(used.take_storage(60, 100));
  EXPECT_FALSE(used.take_storage(60, 100));
  used.give_storage_back(60);
  EXPECT_TRUE(used.take_storage(100, 100));
  EXPECT_EQ(used.stored_bytes(), 100U);
}

} // namespace
} // namespace kodama::actors
