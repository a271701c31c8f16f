#include "actors/filter_requests.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kodama::actors {
namespace {

struct FilterRequests : testing::Test {
  filter_requests all;

  /// Its number is what tells it apart here.
  void push(client_id client, std::uint64_t number) {
    all.push(client, {filters_left{client, number, {}}, {}});
  }
  std::uint64_t front() { return std::get<filters_left>(all.front().what).request; }
};

TEST_F(FilterRequests, ThoseOfOneClientKeepTheirOrder) {
  for (std::uint64_t i = 1; i != 4; ++i)
    push(7, i);
  for (std::uint64_t i = 1; i != 4; ++i) {
    EXPECT_EQ(front(), i);
    all.pass_on();
    EXPECT_EQ(front(), i) << "nobody else is waiting";
    all.pop();
  }
  EXPECT_TRUE(all.empty());
}

TEST_F(FilterRequests, ClientsTakeTurns) {
  push(1, 11);
  push(1, 12);
  push(3, 31);
  push(2, 21);
  std::string turns;
  for (int i = 0; i != 6; ++i) { // a filter of each
    turns += std::to_string(front()) + ' ';
    all.pass_on();
  }
  EXPECT_EQ(turns, "11 31 21 11 31 21 ");
  turns.clear();
  while (!all.empty()) {
    turns += std::to_string(front()) + ' ';
    all.pop();
  }
  EXPECT_EQ(turns, "11 31 21 12 ");
}

TEST_F(FilterRequests, WhoComesAgainComesLast) {
  push(1, 11);
  push(2, 21);
  all.pop();
  push(1, 12);
  EXPECT_EQ(front(), 21U);
  all.pop();
  EXPECT_EQ(front(), 12U);
}

TEST_F(FilterRequests, OneThatSaysWhoIsAwayTakesThePlaceOfTheLast) {
  const auto away = [&](bool is_away) { all.push(1, {filters_away{1, is_away, {"a", "b"}}, {}}); };
  push(1, 11);
  away(true);
  away(false);
  all.pop();
  EXPECT_FALSE(std::get<filters_away>(all.front().what).away);
  all.front().done = 1;
  away(true);
  EXPECT_EQ(all.front().count(), 1U) << "what has begun is not taken back";
  all.pop();
  EXPECT_TRUE(std::get<filters_away>(all.front().what).away);
  all.pop();
  EXPECT_TRUE(all.empty());
}

TEST_F(FilterRequests, AreStruckOutWhereNothingHasBegun) {
  const auto ask = [&](client_id client, std::uint64_t number) {
    filters_asked asked{client, number, {{"a", false}, {"b", false}, {"c", false}}};
    all.push(client, {std::move(asked), {}});
  };
  ask(1, 11);
  ask(1, 12);
  ask(2, 21);
  all.front().done = 1;
  all.strike_out(2, true);
  all.strike_out(1, true);
  push(1, 13);
  ASSERT_EQ(std::get<filters_asked>(all.front().what).request, 11U);
  EXPECT_EQ(all.front().count(), 2U) << "one was done, another has begun";
  all.pop();
  EXPECT_EQ(front(), 13U);
  all.pop();
  EXPECT_TRUE(all.empty());
  ask(3, 31);
  all.strike_out(3, false);
  EXPECT_TRUE(all.empty());
}

} // namespace
} // namespace kodama::actors
