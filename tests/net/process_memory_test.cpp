#include "net/process_memory.hpp"

#include <gtest/gtest.h>

namespace kodama::net {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

TEST(TrimRule, IsDueWhenWhatIsIdleHasGrownByAStep) {
  trim_rule rule{{100 * mib, 2 * mib}};
  EXPECT_FALSE(rule.is_due({100 * mib, 10 * mib - 1}));
  EXPECT_TRUE(rule.is_due({100 * mib, 10 * mib}));
}

TEST(TrimRule, MeasuresFromTheLeastThatWasIdle) {
  trim_rule rule{{100 * mib, 20 * mib}};
  EXPECT_FALSE(rule.is_due({118 * mib, 2 * mib}));
  EXPECT_TRUE(rule.is_due({110 * mib, 10 * mib}));
}

TEST(TrimRule, LeavesAloneWhatCouldNotBeLetGo) {
  trim_rule rule{{100 * mib, 2 * mib}};
  ASSERT_TRUE(rule.is_due({20 * mib, 82 * mib}));
  rule.trimmed({20 * mib, 80 * mib});
  for (int i = 0; i != 10; ++i)
    EXPECT_FALSE(rule.is_due({20 * mib, 80 * mib + static_cast<std::size_t>(i)}));
  EXPECT_FALSE(rule.is_due({50 * mib, 80 * mib}));
}

TEST(TrimRule, TriesAgainWhenWhatHeldItIsFreed) {
  trim_rule rule{{100 * mib, 2 * mib}};
  ASSERT_TRUE(rule.is_due({20 * mib, 82 * mib}));
  rule.trimmed({8 * mib, 78 * mib}); // every page of them has something in use
  EXPECT_FALSE(rule.is_due({7 * mib, 79 * mib}));
  EXPECT_TRUE(rule.is_due({6 * mib, 80 * mib})); // a 64th of 78 MiB
  rule.trimmed({6 * mib, mib});
  EXPECT_FALSE(rule.is_due({5 * mib, 2 * mib}));
}

} // namespace
} // namespace kodama::net
