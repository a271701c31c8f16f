#include "actors/retained_messages.hpp"

#include "tests/actors/to_retain.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace kodama::actors {
namespace {

using namespace std::chrono_literals;

constexpr instant start{};

retained_message message_of(std::string_view topic, instant expires_at = never) {
  auto batch = std::make_shared<message_batch>();
  batch->forms.push_back(mqtt::to_publish_form(to_retain(topic, "text"), expires_at));
  return {std::move(batch), mqtt::qos::at_least_once, nullptr};
}

std::vector<std::string> found_in(const retained_messages& all, std::string_view filter,
                                  instant now = start) {
  std::vector<std::string> topics;
  all.each(filter, now, [&](const retained_message& each) {
    topics.emplace_back(each.batch->forms.front().image.topic());
  });
  return topics;
}

TEST(RetainedMessages, AreFoundByFilter) {
  retained_messages all;
  for (const auto* each : {"a", "a/b", "ab", "b", "a/b/c"})
    all.keep(each, message_of(each));
  using names = std::vector<std::string>;
  EXPECT_EQ(found_in(all, "a"), names{"a"});
  EXPECT_EQ(found_in(all, "a/#"), (names{"a", "a/b", "a/b/c"}));
  EXPECT_EQ(found_in(all, "+"), (names{"a", "ab", "b"}));
  EXPECT_EQ(found_in(all, "+/b"), names{"a/b"});
  EXPECT_EQ(found_in(all, "a/x"), names{});
}

TEST(RetainedMessages, ExpireWhileTheTopicIsClosed) {
  retained_messages all;
  all.keep("brief", message_of("brief", start + 1s));
  all.keep("longer", message_of("longer", start + 2s));
  all.keep("lasting", message_of("lasting"));
  EXPECT_EQ(all.next_expiry(), start + 1s);
  EXPECT_TRUE(found_in(all, "brief", start + 1s).empty());
  all.drop_expired(start + 1s);
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
