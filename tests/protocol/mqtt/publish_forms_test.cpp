#include "protocol/mqtt/publish_forms.hpp"

#include "packet_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

namespace kodama::mqtt {
namespace {

using namespace std::chrono_literals;

publish publish_of(std::string_view payload) {
  publish what;
  what.topic = "a/b";
  what.payload = as_bytes(payload);
  return what;
}

// What lies ready is what encoding for such a subscriber would have given.
RC_GTEST_PROP(MqttPublishForms, LieAsASubscriberWithoutWishesGetsThem, ()) {
  const auto version = draw_version();
  packet_generator generator{version, endpoint::server};
  publish_forms forms{version};
  std::vector<bytes> wanted;
  const auto count = *rc::gen::inRange<std::size_t>(1, 6);
  for (std::size_t i = 0; i != count; ++i) {
    auto what = generator.draw_publish();
    const publish plain{"a/b", what.payload};
    auto each = plain;
    each.properties = what.properties;
    each.properties.message_expiry_interval.reset();
    each.properties.subscription_identifiers.clear();
    each.properties.topic_alias.reset();
    forms.add(each, never);
    wanted.push_back(encoded(each, version));
  }
  RC_ASSERT(forms.size() == count);
  const auto first = *rc::gen::inRange<std::size_t>(0, count);
  const auto some = *rc::gen::inRange<std::size_t>(0, count - first + 1);
  bytes all;
  for (std::size_t i = first; i != first + some; ++i)
    append(all, wanted[i]);
  const auto lie = forms.packets(first, some);
  RC_ASSERT((all == bytes{lie.begin(), lie.end()}));
  const auto room = *rc::gen::inRange<std::size_t>(1, all.size() + 20);
  const auto filled = forms.count_to_fill(first, some, room);
  RC_ASSERT(filled == some || forms.packets(first, filled).size() >= room);
  RC_ASSERT(filled == 0 || forms.packets(first, filled - 1).size() < room);
}

TEST(MqttPublishForms, LieReadyForTheirVersionAlone) {
  publish_forms forms{protocol_version::v3_1_1};
  forms.add(publish_of("x"), never);
  EXPECT_TRUE(forms.lie_ready_for(protocol_version::v3_1_1, 8));
  EXPECT_FALSE(forms.lie_ready_for(protocol_version::v5, 8));
  EXPECT_FALSE(forms.lie_ready_for(protocol_version::v3_1_1, 7)) << "too large for the client";
  forms.add(publish_of("y"), instant{1s});
  EXPECT_FALSE(forms.lie_ready_for(protocol_version::v3_1_1, 8)) << "it may have expired";
}

TEST(MqttPublishForms, OneThatExpiresLaterDoesNotLieReady) {
  publish_forms forms;
  forms.add(publish_of("x"), never);
  EXPECT_TRUE(forms.lie_ready_for(protocol_version::v5, 100));
  forms.set_expires_at(0, instant{1s});
  EXPECT_FALSE(forms.lie_ready_for(protocol_version::v5, 100));
  EXPECT_EQ(forms.expires_at(0), instant{1s});
}

TEST(MqttPublishForms, OneOfThemStandsAlone) {
  publish_forms all, one;
  auto second = publish_of("second");
  second.retain = true;
  second.properties.content_type = "kodama/8001";
  all.add(publish_of("first"), never);
  all.add(second, instant{1s});
  one.add(all, 1);
  EXPECT_EQ(one.size(), 1U);
  EXPECT_EQ(one.topic(0), "a/b");
  EXPECT_EQ(as_text(one.image(0).payload()), "second");
  EXPECT_EQ(one.image(0).size(), publish_forms::size_of(second));
  EXPECT_EQ(one.bytes_in_all(), publish_forms::size_of(second));
  EXPECT_EQ(one.expires_at(0), instant{1s});
  EXPECT_EQ(one.user_section(0), 0x8001);
  EXPECT_TRUE(one.retain(0));
}

} // namespace
} // namespace kodama::mqtt
