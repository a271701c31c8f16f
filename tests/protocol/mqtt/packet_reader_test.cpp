#include "protocol/mqtt/packet_reader.hpp"

#include "packet_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;

} // namespace

// Not inlined: where GCC sees std::free() but not the std::malloc() before it, it takes the two for
// a mismatch (-Wmismatched-new-delete).
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size))
    return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace kodama::mqtt {
namespace {

using std::literals::operator""sv;

bytes raw(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

constexpr auto connect_v5 = "\x10\x0d\0\4MQTT\5\2\0\0\0\0\0"sv;

RC_GTEST_PROP(MqttPacketReader, ReadsTheSameHoweverTheStreamIsCut, ()) {
  const auto version = draw_version();
  const auto sender = draw_endpoint();
  packet_generator generator{version, sender};
  const auto stream = encoded(draw_packets(generator, sender), version);
  const auto sizes = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 60)));
  auto reader = reader_of(sender, version);
  reading all;
  byte_view rest{stream};
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const auto size = std::min(sizes[i % sizes.size()], rest.size());
    feed(reader, rest.first(size), all);
    rest = rest.subspan(size);
  }
  RC_ASSERT(!all.failure);
  RC_ASSERT(all == read_at_once(reader_of(sender, version), stream));
}

RC_GTEST_PROP(MqttPacketReader, WaitsAtEveryTruncation, ()) {
  const auto version = draw_version();
  const auto sender = draw_endpoint();
  packet_generator generator{version, sender};
  const auto packets = draw_packets(generator, sender);
  const auto stream = encoded(packets, version);
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const auto all = read_at_once(reader_of(sender, version), byte_view{stream}.first(size));
    RC_ASSERT(!all.failure);
    RC_ASSERT(all.packets.size() < packets.size());
  }
}

// A packet whose body is cut while its length says that it is whole.
RC_GTEST_PROP(MqttPacketReader, SurvivesEveryShortenedBody, ()) {
  const auto version = draw_version();
  packet_generator generator{version, endpoint::client};
  const auto whole = encoded(generator.draw_connect(), version);
  const auto header = *read_fixed_header(whole, {}).value();
  for (std::uint32_t size = 0; size != header.remaining_length; ++size) {
    const fixed_header shorter{header.type, 0, static_cast<std::uint8_t>(1 + variable_size(size)),
                               size};
    const bytes body{whole.begin() + header.size, whole.begin() + header.size + size};
    const auto decoded = decode(shorter, body, {});
    RC_ASSERT(!decoded);
    RC_ASSERT(decoded.error().reason == reason_code::malformed_packet);
  }
}

RC_GTEST_PROP(MqttPacketReader, SurvivesEveryCorruptByte, ()) {
  const auto version = draw_version();
  const auto sender = draw_endpoint();
  packet_generator generator{version, sender};
  const auto prefix =
      sender == endpoint::client && version == protocol_version::v5 ? raw(connect_v5) : bytes{};
  const auto image =
      encoded(prefix.empty() && sender == endpoint::client ? packet{generator.draw_connect()}
                                                           : generator.draw(),
              version);
  RC_PRE(image.size() < 90U);
  for (std::size_t at = 0; at != image.size(); ++at) {
    for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xc0U, 0xffU}) {
      auto stream = prefix;
      append(stream, image);
      stream[prefix.size() + at] = static_cast<std::byte>(value);
      const auto all = read_at_once(reader_of(sender, version), stream);
      RC_ASSERT(!all.failure || !all.failure->text.empty());
    }
  }
}

// The door reads CONNECT, the session everything after it.
RC_GTEST_PROP(MqttPacketReader, PassesOnItsRestAtAnyMoment, ()) {
  packet_generator generator{protocol_version::v5, endpoint::server};
  const auto stream = encoded(draw_packets(generator, endpoint::server), protocol_version::v5);
  const auto first = *rc::gen::inRange<std::size_t>(0, stream.size() + 1);
  reading all;
  auto one = reader_of(endpoint::server, protocol_version::v5);
  feed(one, byte_view{stream}.first(first), all);
  auto other = reader_of(endpoint::server, protocol_version::v5);
  feed(other, one.take_rest(), all);
  feed(other, byte_view{stream}.subspan(first), all);
  RC_ASSERT(all == read_at_once(reader_of(endpoint::server, protocol_version::v5), stream));
}

TEST(MqttPacketReader, BorrowsTopicAndPayloadOfAPublish) {
  auto stream = raw(connect_v5);
  append(stream, raw("\x30\x06\0\1a\0hi"sv));
  packet_reader reader{100};
  reader.feed(stream);
  ASSERT_TRUE(reader.next().value().has_value());
  const auto second = reader.next().value();
  const auto& what = std::get<publish>(*second);
  EXPECT_EQ(as_bytes(what.topic).data(), stream.data() + connect_v5.size() + 4);
  EXPECT_EQ(what.payload.data(), stream.data() + connect_v5.size() + 6);
  EXPECT_EQ(as_text(what.payload), "hi");
}

TEST(MqttPacketReader, AllocatesNothingForAPublish) {
  packet_reader reader{2000};
  const auto hello = raw(connect_v5);
  reader.feed(hello);
  ASSERT_TRUE(reader.next().value().has_value());
  ASSERT_FALSE(reader.next().value().has_value());
  auto stream = raw("\x30\xf0\x07\0\3a/b\3\x23\0\1"sv); // a topic alias beside the topic
  stream.resize(3 + 1008);
  append(stream, raw("\x32\x09\0\3a/b\0\1\0x"sv));
  const auto before = allocations;
  reader.feed(stream);
  const bool both = reader.next()->has_value() && reader.next()->has_value();
  const bool last = !reader.next()->has_value();
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(both && last);
  const bytes counted(100);
  EXPECT_EQ(allocations, before + 1);
}

TEST(MqttPacketReader, LearnsItsVersionFromConnect) {
  packet_reader reader{100};
  EXPECT_FALSE(reader.version());
  reading all;
  feed(reader, as_bytes(connect_v5), all);
  EXPECT_EQ(reader.version(), protocol_version::v5);
  packet_reader older{100};
  feed(older, as_bytes("\x10\x0c\0\4MQTT\4\2\0\0\0\0"sv), all);
  EXPECT_EQ(older.version(), protocol_version::v3_1_1);
  EXPECT_FALSE(all.failure);
}

TEST(MqttPacketReader, WantsConnectFirstAndJudgesThatByOneByte) {
  const auto all = read_at_once(packet_reader{100}, as_bytes("\x30"sv));
  EXPECT_EQ(all.failure,
            (error{reason_code::protocol_error, "PUBLISH: comes before CONNECT [MQTT-3.1.0-1]"}));
}

TEST(MqttPacketReader, TakesOneConnectOnly) {
  auto stream = raw(connect_v5);
  append(stream, raw(connect_v5));
  const auto all = read_at_once(packet_reader{100}, stream);
  EXPECT_EQ(all.packets.size(), 1U);
  EXPECT_EQ(all.failure,
            (error{reason_code::protocol_error, "CONNECT: comes a second time [MQTT-3.1.0-2]"}));
}

TEST(MqttPacketReader, JudgesALargePacketByItsLength) {
  packet_reader reader{64};
  reading all;
  feed(reader, as_bytes(connect_v5), all);
  feed(reader, as_bytes("\x30\x3e"sv), all); // 64 bytes in all
  EXPECT_FALSE(all.failure);
  auto stream = raw(connect_v5);
  append(stream, raw("\x30\x3f"sv));
  EXPECT_EQ(read_at_once(packet_reader{64}, stream).failure,
            (error{reason_code::packet_too_large,
                   "PUBLISH: 65 bytes, but the limit is 64 [MQTT-3.2.2-15]"}));
}

TEST(MqttPacketReader, RepeatsItsErrorWhateverFollows) {
  packet_reader reader{100};
  reading all;
  feed(reader, as_bytes("\x31"sv), all);
  ASSERT_TRUE(all.failure);
  reading after;
  feed(reader, as_bytes(connect_v5), after);
  EXPECT_EQ(after, (reading{{}, all.failure}));
}

TEST(MqttPacketReader, GivesNothingTwiceToAnOwnerThatDoesNotAskToTheEnd) {
  packet_reader reader{100};
  const auto stream = raw(connect_v5);
  reader.feed(byte_view{stream}.first(5));
  ASSERT_FALSE(reader.next().value().has_value());
  reader.feed(byte_view{stream}.subspan(5));
  ASSERT_TRUE(reader.next().value().has_value());
  const auto ping = raw("\xc0\0"sv);
  reader.feed(ping);
  EXPECT_TRUE(reader.next().value().has_value());
  EXPECT_FALSE(reader.next().value().has_value());
}

} // namespace
} // namespace kodama::mqtt
