#include "sim/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace kodama::sim {
namespace {

std::vector<std::uint64_t> take(decision_stream& stream, std::size_t count) {
  std::vector<std::uint64_t> drawn(count);
  for (auto& number : drawn)
    number = stream.next();
  return drawn;
}

// Golden: the same on every compiler, or old failures no longer reproduce. Published values,
// not copied from a run of this code.
TEST(Mix, IsTheFinalizerOfSplitmix64) {
  // The first output of splitmix64 seeded with 0, as its authors publish it.
  EXPECT_EQ(mix(0x9e3779b97f4a7c15), 0xe220a8397b1dcdaf);
}

TEST(HashOf, IsFnv1a) {
  EXPECT_EQ(hash_of(""), 0xcbf29ce484222325);
  EXPECT_EQ(hash_of("a"), 0xaf63dc4c8601ec8c);
  EXPECT_EQ(hash_of("foobar"), 0x85944171f73967e8);
}

RC_GTEST_PROP(DecisionStream, RepeatsItself, (std::uint64_t seed, std::uint64_t entity)) {
  decision_stream once{seed, "site", entity};
  decision_stream again{seed, "site", entity};
  RC_ASSERT(take(once, 20) == take(again, 20));
}

RC_GTEST_PROP(DecisionStream, IgnoresDrawsOfOtherEntities,
              (std::uint64_t seed, std::uint64_t mine, std::uint64_t theirs, std::uint8_t draws)) {
  RC_PRE(mine != theirs);
  decision_stream undisturbed{seed, "site", mine};
  const auto expected = take(undisturbed, 20);
  decision_stream other{seed, "site", theirs};
  decision_stream disturbed{seed, "site", mine};
  const auto foreign = take(other, 20);
  take(other, draws);
  RC_ASSERT(take(disturbed, 20) == expected);
  RC_ASSERT(foreign != expected);
}

RC_GTEST_PROP(DecisionStream, DiffersBySeedAndSite, (std::uint64_t seed, std::uint64_t entity)) {
  decision_stream here{seed, "here", entity};
  decision_stream there{seed, "there", entity};
  decision_stream later{seed + 1, "here", entity};
  const auto drawn = take(here, 4);
  RC_ASSERT(drawn != take(there, 4));
  RC_ASSERT(drawn != take(later, 4));
}

RC_GTEST_PROP(DecisionStream, FindsTheSameDrawByItsOrdinal, (std::uint64_t seed)) {
  decision_stream stream{seed, "site", 1};
  const auto numbered = stream;
  for (std::uint64_t i = 0; i != 10; ++i)
    RC_ASSERT(stream.next() == numbered.at(i));
}

RC_GTEST_PROP(DecisionStream, StaysWithinBounds,
              (std::uint64_t seed, std::uint32_t a, std::uint32_t b)) {
  decision_stream stream{seed, "site", 1};
  const duration least{std::min(a, b)};
  const duration most{std::max(a, b)};
  for (int i = 0; i != 50; ++i) {
    RC_ASSERT(stream.below(a + std::uint64_t{1}) <= a);
    const auto drawn = stream.duration_between(least, most);
    RC_ASSERT(drawn >= least && drawn <= most);
  }
}

TEST(DecisionStream, ReachesBothEndsOfARange) {
  decision_stream stream{7, "site", 1};
  std::array<int, 3> hits{};
  for (int i = 0; i != 300; ++i)
    ++hits[static_cast<std::size_t>(stream.duration_between(duration{0}, duration{2}).count())];
  for (const int count : hits)
    EXPECT_GT(count, 60);
}

TEST(DecisionStream, HappensAboutAsOftenAsAsked) {
  decision_stream stream{7, "site", 1};
  int hits = 0;
  for (int i = 0; i != 100'000; ++i)
    hits += stream.happens(probability::percent(30));
  EXPECT_NEAR(hits, 30'000, 600); // four standard deviations
}

TEST(DecisionStream, NeverMeansNeverAndAlwaysAlways) {
  decision_stream stream{7, "site", 1};
  for (int i = 0; i != 10'000; ++i) {
    EXPECT_FALSE(stream.happens({0}));
    EXPECT_TRUE(stream.happens(probability::percent(100)));
  }
}

} // namespace
} // namespace kodama::sim
