#include "sim/checker.hpp"

#include <gtest/gtest.h>

#include <set>

namespace kodama::sim {
namespace {

class complainer final : public checker {
public:
  [[nodiscard]] std::string_view promise() const override { return "quiet"; }
  void on_healed(instant now) override { violate(now, "it healed"); }
};

TEST(Checker, ThereIsOneForEachPromise) {
  const auto all = all_checkers({});
  const auto names = all_promises();
  const std::set<std::string_view> distinct{names.begin(), names.end()};
  const std::set<std::string_view> promised{
      "exactly-once",   "publisher-order", "topic-order",
      "no-silent-loss", "subscribe-edge",  "one-owner",
      "liveness",       "presence-fold",   "unreliable-at-most-once",
      "bounded-memory", "authenticated",   "mqtt"};
  EXPECT_EQ(distinct, promised);
  ASSERT_EQ(all.size(), 12);
  for (std::size_t i = 0; i != all.size(); ++i)
    EXPECT_EQ(all[i]->promise(), names[i]);
}

TEST(Checker, StopsComplainingAfterTwenty) {
  complainer judge;
  for (int i = 0; i != 100; ++i)
    judge.on_healed(instant{});
  ASSERT_EQ(judge.violations().size(), 20);
  EXPECT_EQ(judge.violations().front().promise, "quiet");
  EXPECT_EQ(judge.violations().front().text, "it healed");
}

TEST(Checker, NamesUsersSessionsAndMessages) {
  EXPECT_EQ(name_of(3, {1, 7}), "user 3 (session 1/7)");
  EXPECT_EQ(name_of(3, {1, 0}), "user 3 (no session)");
  EXPECT_EQ(name_of(session_key{2, 9}), "session 2/9");
  EXPECT_EQ(name_of(message_tag{3, 12}), "3#12");
  EXPECT_EQ(name_of(message_tag{mqtt_user_base + 3, 12}), "mqtt3#12");
  EXPECT_EQ(name_of(message_tag{will_base + 3, 12}), "will3#12");
}

} // namespace
} // namespace kodama::sim
