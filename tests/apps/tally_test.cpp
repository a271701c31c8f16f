#include "apps/tally.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::apps {
namespace {

tally any_tally() {
  tally made;
  made.seeds = *rc::gen::inRange<std::uint64_t>(0, 1000);
  made.events = *rc::gen::arbitrary<std::uint32_t>();
  made.hash = *rc::gen::arbitrary<std::uint64_t>();
  made.exercised["liveness"] = *rc::gen::inRange<std::uint64_t>(0, 9);
  made.faults["udp_loss"] = *rc::gen::inRange<std::uint64_t>(0, 9);
  const auto failures = *rc::gen::inRange(0, 60);
  for (int i = 0; i != failures; ++i)
    made.add_failure({*rc::gen::inRange<std::uint64_t>(0, 1000),
                      {*rc::gen::element<std::string>("liveness", "crash"),
                       *rc::gen::element<std::string>("user 1 is \\ late", "two\nlines", "")}});
  return made;
}

tally read_back(const std::string& text) {
  tally read;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    RC_ASSERT(take_line(read, line));
  }
  return read;
}

RC_GTEST_PROP(Tally, IsReadBackFromItsText, ()) {
  const auto what = any_tally();
  RC_ASSERT(to_text(read_back(to_text(what))) == to_text(what));
}

RC_GTEST_PROP(Tally, AddsUpToTheSameInAnyOrder, ()) {
  const auto one = any_tally();
  const auto two = any_tally();
  const auto seeds_of = [](const tally& what) {
    std::vector<std::uint64_t> seeds;
    for (const auto& [shape, found] : what.findings)
      for (const auto& each : found.seeds)
        seeds.push_back(each.seed);
    return seeds;
  };
  auto forth = one;
  forth.add(two);
  auto back = two;
  back.add(one);
  RC_ASSERT(seeds_of(forth) == seeds_of(back));
  RC_ASSERT(forth.failures() == one.failures() + two.failures());
  RC_ASSERT(forth.hash == back.hash);
}

TEST(Tally, ListsTheLowestSeedsOfAFinding) {
  tally what;
  for (std::uint64_t seed = 100; seed != 0; --seed)
    what.add_failure({seed, {"liveness", "user " + std::to_string(seed) + " is late"}});
  ASSERT_EQ(what.findings.size(), 1U);
  const auto& found = what.findings.begin()->second;
  EXPECT_EQ(found.count, 100U);
  ASSERT_EQ(found.seeds.size(), listed_seeds_max);
  EXPECT_EQ(found.first().seed, 1U);
  EXPECT_EQ(found.seeds.back().seed, listed_seeds_max);
}

} // namespace
} // namespace kodama::apps
