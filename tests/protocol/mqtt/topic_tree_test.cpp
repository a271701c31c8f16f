#include "protocol/mqtt/topic_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kodama::mqtt {
namespace {

using tree = topic_tree<std::uint64_t>;
using ids = std::vector<std::uint64_t>;

ids matches_of(const tree& all, std::string_view topic) {
  ids found;
  all.match(topic, [&](std::uint64_t each) { found.push_back(each); });
  return found;
}

ids sorted(ids all) {
  std::sort(all.begin(), all.end());
  return all;
}

/// Few different levels, so that filters and topics meet.
std::string draw_levels(bool wildcards) {
  std::string all;
  const auto count = *rc::gen::inRange(1, 5);
  for (int i = 0; i != count; ++i) {
    all += i == 0 ? "" : "/";
    all += wildcards ? *rc::gen::weightedElement<std::string>(
                           {{3, "a"}, {2, "b"}, {1, ""}, {1, "$x"}, {3, "+"}})
                     : *rc::gen::element<std::string>("a", "b", "", "$x", "c");
  }
  if (wildcards && *rc::gen::inRange(0, 3) == 0)
    all += "/#";
  if (wildcards && *rc::gen::inRange(0, 12) == 0)
    return "#";
  return all.empty() ? "a" : all;
}

RC_GTEST_PROP(MqttTopicTree, FindsWhatAskingEveryFilterFinds, ()) {
  std::vector<std::pair<std::string, std::uint64_t>> model;
  tree all;
  const auto steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i != steps; ++i) {
    if (!model.empty() && *rc::gen::inRange(0, 3) == 0) {
      const auto at = *rc::gen::inRange<std::size_t>(0, model.size());
      RC_ASSERT(all.erase(model[at].first, model[at].second));
      RC_ASSERT(!all.erase(model[at].first, model[at].second));
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      const std::pair entry{draw_levels(true), *rc::gen::inRange<std::uint64_t>(0, 8)};
      const bool is_new = std::find(model.begin(), model.end(), entry) == model.end();
      RC_ASSERT(all.insert(entry.first, entry.second) == is_new);
      if (is_new)
        model.push_back(entry);
    }
    RC_ASSERT(all.size() == model.size());
    const auto topic = draw_levels(false);
    ids expected;
    for (const auto& [filter, id] : model)
      if (matches(filter, topic))
        expected.push_back(id);
    RC_ASSERT(sorted(matches_of(all, topic)) == sorted(expected));
  }
  for (const auto& [filter, id] : model)
    RC_ASSERT(all.erase(filter, id));
  RC_ASSERT(all.empty());
  RC_ASSERT(all.node_count() == 0U);
}

TEST(MqttTopicTree, MatchesInAnOrderThatItsFiltersFix) {
  tree all;
  const std::pair<std::string_view, std::uint64_t> filters[] = {
      {"+/b", 1}, {"a/b", 9}, {"a/b", 3},   {"#", 4},
      {"a/+", 5}, {"a/#", 6}, {"a/b/#", 7}, {"a/b", 2}};
  for (const auto& [filter, id] : filters)
    all.insert(filter, id);
  EXPECT_EQ(matches_of(all, "a/b"), (ids{4, 6, 7, 9, 3, 2, 5, 1}));
}

TEST(MqttTopicTree, KeepsItsNodesOnlyWhileTheyAreUsed) {
  tree all;
  all.insert("a/b/c", 1);
  all.insert("a/b", 2);
  all.insert("a/+/#", 3);
  EXPECT_EQ(all.node_count(), 5U);
  EXPECT_FALSE(all.erase("a", 1));
  EXPECT_FALSE(all.erase("a/b/c/d", 1));
  EXPECT_FALSE(all.erase("", 1));
  EXPECT_TRUE(all.erase("a/b", 2));
  EXPECT_EQ(all.node_count(), 5U) << "a/b still leads to a/b/c";
  EXPECT_TRUE(all.erase("a/b/c", 1));
  EXPECT_EQ(all.node_count(), 3U);
  EXPECT_TRUE(all.erase("a/+/#", 3));
  EXPECT_EQ(all.node_count(), 0U);
}

TEST(MqttTopicTree, HasALimitOfLevels) {
  std::string filter = "a";
  while (level_count(filter) != tree::levels_max)
    filter += "/a";
  EXPECT_TRUE(tree::fits(filter));
  EXPECT_FALSE(tree::fits(filter + "/a"));
  tree all;
  EXPECT_TRUE(all.insert(filter, 1));
  EXPECT_EQ(matches_of(all, filter), ids{1});
  EXPECT_FALSE(all.erase(filter + "/a", 1));
  std::string longest(65'535, '/');
  EXPECT_TRUE(matches_of(all, longest).empty());
  all.insert("+/#", 2);
  EXPECT_EQ(matches_of(all, longest), ids{2});
}

// With a cost for every filter there is, this would be 10^9 comparisons.
TEST(MqttTopicTree, HoldsAHundredThousandFilters) {
  constexpr std::uint64_t count = 100'000;
  tree all;
  const auto filter_of = [](std::uint64_t i) {
    return "site/" + std::to_string(i % 300) + "/device/" + std::to_string(i) +
           (i % 3 == 0   ? "/#"
            : i % 3 == 1 ? "/+"
                         : "/state");
  };
  for (std::uint64_t i = 0; i != count; ++i)
    ASSERT_TRUE(all.insert(filter_of(i), i));
  EXPECT_EQ(all.size(), count);
  for (std::uint64_t i = 0; i < count; i += 10)
    ASSERT_EQ(matches_of(all, "site/" + std::to_string(i % 300) + "/device/" + std::to_string(i) +
                                  "/state"),
              ids{i});
  for (std::uint64_t i = 0; i != count; ++i)
    ASSERT_TRUE(all.erase(filter_of(i), i));
  EXPECT_EQ(all.node_count(), 0U);
}

} // namespace
} // namespace kodama::mqtt
