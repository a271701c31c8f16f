#include "protocol/mqtt/topic_tree.hpp"
#include "tests/bench/allocations.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kodama::mqtt {
namespace {

using tree = topic_tree<std::uint64_t>;

/// Ten filters for each house: "house/7/#", and "house/7/room/3/+" for nine rooms.
tree make_tree(std::uint64_t filters) {
  tree made;
  for (std::uint64_t i = 0; i != filters; ++i)
    if (const auto house = "house/" + std::to_string(i / 10); i % 10 == 0)
      made.insert(house + "/#", i);
    else
      made.insert(house + "/room/" + std::to_string(i % 10) + "/+", i);
  return made;
}

std::string topic_in(std::uint64_t house) {
  return "house/" + std::to_string(house) + "/room/3/temperature";
}

/// Two filters match, whatever the number of all; by 1,024 topics in turns, so that of a million
/// filters most are not in the cache's way.
void topic_tree_match(benchmark::State& state) {
  const auto filters = static_cast<std::uint64_t>(state.range(0));
  const auto all = make_tree(filters);
  std::uint64_t house = 0, found = 0;
  std::vector<std::string> topics;
  for (std::uint64_t i = 0; i != 1024; ++i)
    topics.push_back(topic_in(i * 7919 % (filters / 10)));
  const allocation_count counting{state};
  for (auto _ : state)
    all.match(topics[house++ % topics.size()], [&](std::uint64_t) { ++found; });
  if (found != 2 * static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("another number of filters matched");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(topic_tree_match)->Arg(100)->Arg(10'000)->Arg(1'000'000);

void topic_tree_insert_and_erase(benchmark::State& state) {
  auto all = make_tree(static_cast<std::uint64_t>(state.range(0)));
  const auto filter = "house/" + std::to_string(state.range(0) / 20) + "/attic/+";
  const allocation_count counting{state};
  for (auto _ : state)
    if (!all.insert(filter, 1) || !all.erase(filter, 1))
      return state.SkipWithError("the filter was there, or is not");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(topic_tree_insert_and_erase)->Arg(100)->Arg(10'000)->Arg(1'000'000);

} // namespace
} // namespace kodama::mqtt
