#include "apps/nearest_key.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::apps {
namespace {

TEST(EditDistance, CountsSingleLetters) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("listen", "listn"), 1u);
  EXPECT_EQ(edit_distance("listen", "lisetn"), 1u) << "neighbours swapped";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

RC_GTEST_PROP(EditDistance, IsTheSameInBothDirectionsAndNothingToItself,
              (const std::string& one, const std::string& other)) {
  RC_ASSERT(edit_distance(one, other) == edit_distance(other, one));
  RC_ASSERT(edit_distance(one, one) == 0u);
  RC_ASSERT((edit_distance(one, other) == 0u) == (one == other));
}

TEST(NearestKey, ProposesWhatWasMeant) {
  const std::vector<std::string> known{"listen", "limits.message_size_max", "limits.topics_max",
                                       "mqtt", "mqtt_limits.packet_size_max"};
  EXPECT_EQ(nearest_key("lisen", known), "listen");
  EXPECT_EQ(nearest_key("mesage_size_max", known), "limits.message_size_max");
  EXPECT_EQ(nearest_key("times.topics_max", known), "limits.topics_max");
  EXPECT_EQ(nearest_key("mtqq", known), std::nullopt);
  EXPECT_EQ(nearest_key("mqt", known), "mqtt");
  EXPECT_EQ(nearest_key("x", known), std::nullopt);
  EXPECT_EQ(nearest_key("database", known), std::nullopt);
}

} // namespace
} // namespace kodama::apps
