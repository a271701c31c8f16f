#include "protocol/backoff.hpp"

#include "test_chance.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace kodama {
namespace {

using std::chrono::milliseconds;

backoff::options draw_options() {
  return {.first = milliseconds{*rc::gen::inRange(1, 1'000)},
          .most = milliseconds{*rc::gen::inRange(1, 100'000)}};
}

/// By the words of the header: min(first * 2^n, most).
duration ceiling(const backoff::options& chosen, unsigned n) {
  auto wait = chosen.first;
  while (n-- != 0 && wait < chosen.most)
    wait *= 2;
  return std::min(wait, chosen.most);
}

void check_waits(backoff& waits, const backoff::options& chosen, chance& random, unsigned count) {
  for (unsigned n = 0; n != count; ++n) {
    const auto wait = waits.next(random);
    RC_ASSERT(wait < ceiling(chosen, n));
    RC_ASSERT(wait >= (n == 0 ? duration::zero() : ceiling(chosen, n) / 2));
  }
}

RC_GTEST_PROP(Backoff, StaysInTheUpperHalfOfItsCeiling, (std::uint64_t seed)) {
  const auto chosen = draw_options();
  test_chance random{seed};
  backoff waits{chosen};
  check_waits(waits, chosen, random, 40);
}

RC_GTEST_PROP(Backoff, BeginsAnewAfterAReset, (std::uint64_t seed)) {
  const auto chosen = draw_options();
  test_chance random{seed};
  backoff waits{chosen};
  check_waits(waits, chosen, random, *rc::gen::inRange(0U, 40U));
  waits.reset();
  check_waits(waits, chosen, random, 40);
}

/// Draws the ends of every range.
class extreme_chance : public chance {
public:
  explicit extreme_chance(std::uint64_t value)
      : value_{value} {}
  std::uint64_t next() override { return value_; }

private:
  std::uint64_t value_;
};

TEST(Backoff, UsesTheWholeOfItsRange) {
  const backoff::options chosen{.first = milliseconds{100}, .most = milliseconds{300}};
  const duration step{1};
  extreme_chance lowest{0};
  extreme_chance highest{~std::uint64_t{0}};
  backoff low{chosen};
  backoff high{chosen};
  EXPECT_EQ(low.next(lowest), duration::zero());
  EXPECT_EQ(high.next(highest), milliseconds{100} - step);
  EXPECT_EQ(low.next(lowest), milliseconds{100});
  EXPECT_EQ(high.next(highest), milliseconds{200} - step);
  EXPECT_EQ(low.next(lowest), milliseconds{150});
  EXPECT_EQ(high.next(highest), milliseconds{300} - step);
}

TEST(Backoff, NeverOverflows) {
  extreme_chance highest{~std::uint64_t{0}};
  backoff waits{{.first = std::chrono::hours{1}, .most = duration::max()}};
  for (int i = 0; i != 100; ++i)
    EXPECT_GE(waits.next(highest), duration::zero());
}

TEST(Backoff, MayBeNoWaitAtAll) {
  test_chance random{1};
  backoff waits{{.first = duration::zero(), .most = duration::zero()}};
  for (int i = 0; i != 3; ++i)
    EXPECT_EQ(waits.next(random), duration::zero());
}

} // namespace
} // namespace kodama
