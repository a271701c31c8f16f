#include "apps/bench_publish_shape.hpp"

#include "protocol/mqtt/decode.hpp"
#include "protocol/mqtt/encode.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::apps::bench {
namespace {

bytes content_with(const stamp& what, std::size_t size) {
  bytes content(size);
  std::memcpy(content.data(), &what, sizeof what);
  return content;
}

message::publish relayed(bool reliable, std::string_view topic, byte_view content) {
  message::publish sample;
  sample.id = reliable ? 71 : 0;
  sample.unreliable = reliable ? 0 : 71;
  sample.sequence = reliable ? 19 : 0;
  sample.sender = 5;
  sample.topic = topic;
  sample.content = content;
  return sample;
}

// The shape reads what the protocol's own encoder writes, whatever the size of the content.
RC_GTEST_PROP(BenchPublishShape, ReadsWhatTheServerEncodes, (bool reliable)) {
  const auto size = *rc::gen::inRange<std::size_t>(sizeof(stamp), 300);
  const stamp mark{2, 3, 4, 5};
  bytes image;
  const auto content = content_with(mark, size);
  message::encode(image, relayed(reliable, "bench/b", content), 123);

  const auto shape = publish_shape::delivered("bench/a", size, reliable);
  RC_ASSERT(shape.size() == image.size());
  RC_ASSERT(shape.matches(image.data()));
  RC_ASSERT(publish_shape::number(image.data()) == 71U);
  RC_ASSERT(!reliable || publish_shape::sequence(image.data()) == 19U);
  RC_ASSERT(shape.read_stamp(image.data()).sequence == mark.sequence);
  RC_ASSERT(shape.read_stamp(image.data()).due == mark.due);
}

// What a publisher writes, the protocol's own decoder accepts.
RC_GTEST_PROP(BenchPublishShape, WritesWhatTheServerDecodes, (bool reliable)) {
  const auto size = *rc::gen::inRange<std::size_t>(sizeof(stamp), 300);
  const auto shape = publish_shape::sent("bench/a", size, reliable);
  bytes image{shape.image().begin(), shape.image().end()};
  shape.write(image.data(), 9, stamp{2, 3, 4, 5});

  const auto header = read_header(image, {}).value().value();
  const auto what =
      message::decode(header, byte_view{image}.subspan(message_header_size), 32).value();
  const auto& publish = std::get<message::publish>(what);
  RC_ASSERT((reliable ? publish.id : publish.unreliable) == 9U);
  RC_ASSERT(publish.topic == "bench/a");
  RC_ASSERT(publish.sequence == 0U);
  RC_ASSERT(publish.content.size() == size);
}

// --- MQTT ----------------------------------------------------------------------------------------

kodama::mqtt::qos any_qos() {
  return *rc::gen::element(kodama::mqtt::qos::at_most_once, kodama::mqtt::qos::at_least_once);
}

constexpr kodama::mqtt::decode_options of_a_server{kodama::mqtt::endpoint::server,
                                                   kodama::mqtt::protocol_version::v3_1_1};

RC_GTEST_PROP(BenchPublishShape, ReadsWhatABrokerEncodes, ()) {
  const auto qos = any_qos();
  const auto size = *rc::gen::inRange<std::size_t>(sizeof(stamp), 20'000);
  const stamp mark{2, 3, 4, 5};
  const auto content = content_with(mark, size);
  kodama::mqtt::publish what;
  what.topic = "bench/b";
  what.payload = content;
  what.qos = qos;
  what.id = qos == kodama::mqtt::qos::at_most_once ? 0 : 71;
  bytes image;
  RC_ASSERT(kodama::mqtt::encode(image, what, {kodama::mqtt::protocol_version::v3_1_1}));

  const auto shape = publish_shape::mqtt("bench/a", size, qos);
  RC_ASSERT(shape.size() == image.size());
  RC_ASSERT(shape.matches(image.data()));
  RC_ASSERT(shape.packet_id(image.data()) == what.id);
  RC_ASSERT(shape.read_stamp(image.data()).sequence == mark.sequence);
  RC_ASSERT(shape.read_stamp(image.data()).due == mark.due);
  image[0] ^= std::byte{8}; // DUP: to be decoded
  RC_ASSERT(!shape.matches(image.data()));
}

RC_GTEST_PROP(BenchPublishShape, WritesWhatABrokerDecodes, (std::uint32_t number)) {
  const auto qos = any_qos();
  const auto size = *rc::gen::inRange<std::size_t>(sizeof(stamp), 20'000);
  const auto shape = publish_shape::mqtt("bench/a", size, qos);
  bytes image{shape.image().begin(), shape.image().end()};
  shape.write(image.data(), number, stamp{2, 3, 4, 5});

  const auto header = kodama::mqtt::read_fixed_header(image, of_a_server).value().value();
  const auto what =
      kodama::mqtt::decode(header, byte_view{image}.subspan(header.size), of_a_server).value();
  const auto& publish = std::get<kodama::mqtt::publish>(what);
  RC_ASSERT(publish.id ==
            (qos == kodama::mqtt::qos::at_most_once ? 0 : publish_shape::packet_id_of(number)));
  RC_ASSERT(publish.topic == "bench/a");
  RC_ASSERT(publish.payload.size() == size);
}

TEST(BenchPublishShape, DoesNotTakeAnotherMessageForItsOwn) {
  const bytes content(64);
  const auto shape = publish_shape::delivered("bench/a", 64, true);
  bytes image;
  message::encode(image, relayed(false, "bench/a", content), 0);
  image.resize(shape.size());
  EXPECT_FALSE(shape.matches(image.data()));
  image.clear();
  message::encode(image, message::suback{1, 1, "bench/a", 1}, 0);
  image.resize(shape.size());
  EXPECT_FALSE(shape.matches(image.data()));
}

} // namespace
} // namespace kodama::apps::bench
