#include "protocol/mqtt/ordered_values.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <utility>
#include <vector>

namespace kodama::mqtt {
namespace {

template <class Values>
std::vector<int> all_of(const Values& values) {
  std::vector<int> all;
  values.for_each([&](int each) { all.push_back(each); });
  return all;
}

// Across the size from which there is an index, in both directions.
RC_GTEST_PROP(MqttOrderedValues, AreWhatAVectorWouldHold, ()) {
  const auto steps = *rc::gen::inRange(0, 300);
  ordered_values<int> values;
  std::vector<int> model;
  for (int i = 0; i != steps; ++i) {
    // Growing, then shrinking again.
    const bool insert = *rc::gen::inRange(0, 4) < (i < steps / 2 ? 3 : 1);
    const auto value = *rc::gen::inRange(0, 90);
    const auto found = std::find(model.begin(), model.end(), value);
    if (insert) {
      RC_ASSERT(values.insert(value) == (found == model.end()));
      if (found == model.end())
        model.push_back(value);
    } else {
      RC_ASSERT(values.erase(value) == (found != model.end()));
      if (found != model.end())
        model.erase(found);
    }
    RC_ASSERT(all_of(values) == model);
    RC_ASSERT(values.size() == model.size());
  }
}

TEST(MqttOrderedValues, LetTenThousandsComeAndGo) {
  constexpr int count = 50'000;
  ordered_values<int> values;
  for (int i = 0; i != count; ++i)
    ASSERT_TRUE(values.insert(i));
  for (int i = 0; i != count; ++i)
    ASSERT_TRUE(values.erase(i * 7919 % count)); // prime to count: each once
  EXPECT_TRUE(values.empty());
}

} // namespace
} // namespace kodama::mqtt
