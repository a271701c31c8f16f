#include "actors/retained_messages.hpp"

#include "tests/actors/to_retain.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace kodama::actors {
namespace {

using namespace std::chrono_literals;

constexpr instant start{};

retained_message message_of(std::string_view topic, instant expires_at = never) {
  auto batch = std::make_shared<message_batch>();
  batch->forms.add(to_retain(topic, "text"), expires_at);
  return {std::move(batch), mqtt::qos::at_least_once, nullptr};
}

TEST(RetainedMessages, ExpireWhileTheTopicIsClosed) {
  retained_messages all;
  all.keep("brief", message_of("brief", start + 1s));
  all.keep("longer", message_of("longer", start + 2s));
  all.keep("lasting", message_of("lasting"));
  EXPECT_EQ(all.next_expiry(), start + 1s);
  EXPECT_EQ(all.by_topic().size(), 3U);
  all.drop_expired(start + 1s);
  EXPECT_EQ(all.by_topic().size(), 2U);
  EXPECT_EQ(all.next_expiry(), start + 2s);
  EXPECT_FALSE(all.take("brief"));
  EXPECT_TRUE(all.take("longer"));
  EXPECT_EQ(all.next_expiry(), never);
  EXPECT_TRUE(all.take("lasting"));
}

TEST(RetainedMessages, OneThatIsReplacedExpiresNoMore) {
  retained_messages all;
  all.keep("t", message_of("t", start + 1s));
  all.keep("t", message_of("t"));
  EXPECT_EQ(all.next_expiry(), never);
  all.drop_expired(start + 1h);
  EXPECT_TRUE(all.take("t"));
}

} // namespace
} // namespace kodama::actors
