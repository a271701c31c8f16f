#include "apps/bench_delivery_check.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace kodama::apps::bench {
namespace {

constexpr std::uint32_t the_topic = 3;
constexpr std::size_t publishers = 3;

struct delivery {
  std::uint64_t number;
  topic_sequence sequence;
  stamp what;
};

/// What a correct server delivers: any interleaving of publishers, numbered without a gap.
std::vector<delivery> correct_run(const std::vector<std::uint8_t>& turns) {
  std::vector<delivery> run;
  std::vector<std::uint64_t> sent(publishers);
  for (const auto turn : turns) {
    const auto from = static_cast<std::uint32_t>(turn % publishers);
    run.push_back({run.size() + 2, run.size() + 7, {the_topic, from, sent[from]++, 0}});
  }
  return run;
}

delivery_faults judge(const std::vector<delivery>& run, bool reliable) {
  delivery_check check{the_topic, publishers, reliable};
  check.begin(reliable ? 2 : 0, 7);
  delivery_faults faults;
  for (const auto& each : run)
    check.take(each.number, each.sequence, each.what, faults);
  return faults;
}

/// A message that is followed by another of its publisher, so that its loss can be noticed.
std::optional<std::size_t> overtaken_message(const std::vector<delivery>& run) {
  for (std::size_t i = 0; i != run.size(); ++i)
    for (std::size_t j = i + 1; j != run.size(); ++j)
      if (run[i].what.publisher == run[j].what.publisher)
        return i;
  return std::nullopt;
}

RC_GTEST_PROP(BenchDeliveryCheck, FindsNoFaultInACorrectRun,
              (const std::vector<std::uint8_t>& turns, bool reliable)) {
  RC_ASSERT(judge(correct_run(turns), reliable).sum() == 0U);
}

RC_GTEST_PROP(BenchDeliveryCheck, NoticesALoss,
              (const std::vector<std::uint8_t>& turns, bool reliable)) {
  auto run = correct_run(turns);
  const auto which = overtaken_message(run);
  RC_PRE(which.has_value());
  run.erase(run.begin() + static_cast<std::ptrdiff_t>(*which));
  const auto faults = judge(run, reliable);
  RC_ASSERT(faults.lost == 1U);
  RC_ASSERT(faults.repeated == 0U);
  RC_ASSERT((faults.disordered != 0) == reliable); // without a guarantee numbers may be skipped
}

RC_GTEST_PROP(BenchDeliveryCheck, NoticesARepetition,
              (const std::vector<std::uint8_t>& turns, bool reliable)) {
  auto run = correct_run(turns);
  RC_PRE(!run.empty());
  const auto which = *rc::gen::inRange<std::size_t>(0, run.size());
  const auto again = run[which];
  run.insert(run.begin() + static_cast<std::ptrdiff_t>(which), again);
  const auto faults = judge(run, reliable);
  RC_ASSERT(faults.repeated == 1U);
  RC_ASSERT(faults.disordered != 0U);
}

// As if the server had renumbered them: only the publisher's own order tells.
RC_GTEST_PROP(BenchDeliveryCheck, NoticesThatAPublishersOrderWasBroken,
              (const std::vector<std::uint8_t>& turns, bool reliable)) {
  auto run = correct_run(turns);
  const auto which = overtaken_message(run);
  RC_PRE(which.has_value());
  const auto from = run[*which].what.publisher;
  const auto later =
      std::find_if(run.begin() + static_cast<std::ptrdiff_t>(*which) + 1, run.end(),
                   [&](const delivery& each) { return each.what.publisher == from; });
  std::swap(run[*which].what, later->what);
  const auto faults = judge(run, reliable);
  RC_ASSERT(faults.repeated == 1U);
  RC_ASSERT(faults.disordered == 0U);
}

TEST(BenchDeliveryCheck, NoticesAMessageOfAnotherTopic) {
  auto run = correct_run({0, 1, 2});
  run[1].what.topic = the_topic + 1;
  EXPECT_EQ(judge(run, true).misdirected, 1U);
}

TEST(BenchDeliveryCheck, NoticesAMessageOfNoPublisher) {
  auto run = correct_run({0, 1, 2});
  run[2].what.publisher = publishers;
  EXPECT_EQ(judge(run, false).misdirected, 1U);
}

} // namespace
} // namespace kodama::apps::bench
