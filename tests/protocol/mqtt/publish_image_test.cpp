#include "protocol/mqtt/publish_image.hpp"

#include "packet_stream.hpp"
#include "protocol/mqtt/publish_forms.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::mqtt {
namespace {

publish_image::delivery delivery_of(const publish& what, protocol_version version) {
  return {.version = version,
          .qos = what.qos,
          .retain = what.retain,
          .dup = what.dup,
          .id = what.id,
          .message_expiry_interval = what.properties.message_expiry_interval,
          .subscription_identifiers = what.properties.subscription_identifiers,
          .topic_alias = what.properties.topic_alias.value_or(0),
          .topic_known = what.topic.empty()};
}

// One image for all subscribers is what encoding for each of them would have given.
RC_GTEST_PROP(MqttPublishImage, IsEncodedAsThePacketItself, ()) {
  const auto version = draw_version();
  packet_generator generator{version, endpoint::server};
  auto what = generator.draw_publish();
  what.properties.topic_alias.reset();
  const std::string_view topic = what.topic.empty() ? "a/b" : what.topic;
  what.topic = topic;
  publish_forms forms;
  forms.add(what, never);
  const auto image = forms.image(0);
  RC_ASSERT(image.topic() == what.topic);
  for (int subscriber = 0; subscriber != 3; ++subscriber) {
    const auto other = generator.draw_publish();
    what.qos = other.qos;
    what.retain = other.retain;
    what.dup = other.dup;
    what.id = other.id;
    what.properties.message_expiry_interval = other.properties.message_expiry_interval;
    what.properties.subscription_identifiers = other.properties.subscription_identifiers;
    if (version == protocol_version::v5 && *rc::gen::arbitrary<bool>())
      what.properties.topic_alias = *rc::gen::inRange<std::uint16_t>(1, 0xffff);
    else
      what.properties.topic_alias.reset();
    what.topic = what.properties.topic_alias && *rc::gen::arbitrary<bool>() ? "" : topic;
    bytes out;
    image.append_to(out, delivery_of(what, version));
    RC_ASSERT(out == encoded(what, version));
    RC_ASSERT(out.size() == image.packet_size(delivery_of(what, version)));
  }
}

TEST(MqttPublishImage, SharesItsPayload) {
  const bytes payload(1000, std::byte{1});
  publish what;
  what.topic = "a/b";
  what.payload = payload;
  publish_forms forms;
  forms.add(what, never);
  const auto image = forms.image(0);
  EXPECT_EQ(image.tail(protocol_version::v5).size(), 1000U);
  bytes out;
  image.append_to(out, {.qos = qos::exactly_once, .id = 0x1234});
  EXPECT_EQ(out.size(), 3U + 5 + 2 + 1 + 1000);
  bytes head{out.begin(), out.begin() + 11};
  EXPECT_EQ(to_hex(head), "34f007"
                          "0003612f62"
                          "1234"
                          "00");
}

TEST(MqttPublishImage, LeavesOutItsPropertiesWhereThereAreNone) {
  const bytes payload{std::byte{1}, std::byte{2}};
  publish what;
  what.topic = "a/b";
  what.payload = payload;
  what.properties.content_type = "x";
  publish_forms forms;
  forms.add(what, never);
  const auto image = forms.image(0);
  bytes out;
  image.append_to(out, {.version = protocol_version::v3_1_1});
  EXPECT_EQ(to_hex(out), "3007"
                         "0003612f62"
                         "0102");
  out.clear();
  image.append_to(out, {});
  EXPECT_EQ(to_hex(out), "300c"
                         "0003612f62"
                         "04"
                         "03000178"
                         "0102");
}

} // namespace
} // namespace kodama::mqtt
