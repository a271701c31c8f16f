#include "protocol/mqtt/encode.hpp"

#include "packet_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kodama::mqtt {
namespace {

void expect_round_trip(const packet& what, protocol_version version, endpoint sender) {
  const auto image = encoded(what, version);
  const auto header = read_fixed_header(image, {sender, version});
  RC_ASSERT(header.has_value() && header->has_value());
  RC_ASSERT((*header)->packet_size() == image.size());
  const auto decoded =
      decode(**header, byte_view{image}.subspan((*header)->size), {sender, version});
  if (!decoded)
    RC_FAIL(decoded.error().text);
  RC_ASSERT(decoded->index() == what.index());
  RC_ASSERT(packet_text::of(*decoded) == packet_text::of(what));
  RC_ASSERT(encoded(*decoded, version) == image);
}

RC_GTEST_PROP(MqttEncode, IsUndoneByDecode, ()) {
  const auto version = draw_version();
  const auto sender = draw_endpoint();
  packet_generator generator{version, sender};
  if (sender == endpoint::client)
    expect_round_trip(generator.draw_connect(), version, sender);
  expect_round_trip(generator.draw(), version, sender);
}

RC_GTEST_PROP(MqttEncode, NeverExceedsTheReceiversMaximum, ()) {
  packet_generator generator{protocol_version::v5, endpoint::server};
  const auto what = generator.draw();
  const auto full = encoded(what, protocol_version::v5).size();
  const auto maximum = *rc::gen::inRange<std::uint32_t>(2, static_cast<std::uint32_t>(full + 2));
  bytes out{std::byte{7}};
  if (encode(out, what, {.packet_size_max = maximum})) {
    RC_ASSERT(out.size() - 1 <= maximum);
    RC_ASSERT(full > maximum || out.size() - 1 == full);
    const auto all =
        read_at_once(packet_reader{maximum, protocol_version::v5}, byte_view{out}.subspan(1));
    RC_ASSERT(all.packets.size() == 1U);
  } else {
    RC_ASSERT(out.size() == 1U);
    RC_ASSERT(full > maximum);
  }
}

puback refusal() {
  return {1, reason_code::quota_exceeded, {"no room", {{"a", "b"}}}};
}

std::string image(const packet& what, const encode_options& options) {
  bytes out;
  return encode(out, what, options) ? to_hex(out) : "nothing";
}

TEST(MqttEncode, DropsUserPropertiesFirstAndTheReasonStringNext) {
  const std::string without_user = "400e0001970a"
                                   "1f00076e6f20726f6f6d";
  EXPECT_EQ(image(refusal(), {.packet_size_max = 23}), "40150001971"
                                                       "11f00076e6f20726f6f6d"
                                                       "26000161000162");
  EXPECT_EQ(image(refusal(), {.packet_size_max = 22}), without_user);
  EXPECT_EQ(image(refusal(), {.packet_size_max = 16}), without_user);
  EXPECT_EQ(image(refusal(), {.packet_size_max = 15}), "4003000197");
  EXPECT_EQ(image(refusal(), {.packet_size_max = 5}), "4003000197");
  EXPECT_EQ(image(refusal(), {.packet_size_max = 4}), "nothing");
}

TEST(MqttEncode, KeepsTheUserPropertiesOfAPublish) {
  publish what;
  what.topic = "t";
  what.properties.user = {{"a", "b"}};
  EXPECT_EQ(image(what, {.packet_size_max = 13, .problem_information = false}), "300b00017407"
                                                                                "26000161000162");
  EXPECT_EQ(image(what, {.packet_size_max = 12}), "nothing");
}

TEST(MqttEncode, ExplainsNothingToAClientThatAsksForNothing) {
  EXPECT_EQ(image(refusal(), {.problem_information = false}), "4003000197");
  disconnect bye;
  bye.reason = reason_code::server_busy;
  bye.properties.reason_string = "x";
  EXPECT_EQ(image(bye, {.problem_information = false}), "e0068904"
                                                        "1f000178");
}

TEST(MqttEncode, TakesTheShortestForm) {
  EXPECT_EQ(image(puback{1}, {}), "40020001");
  EXPECT_EQ(image(disconnect{}, {}), "e000");
  EXPECT_EQ(image(auth{}, {}), "f000");
}

TEST(MqttEncode, LeavesOutWhatThreeOneOneCannotSay) {
  EXPECT_EQ(image(refusal(), {.version = protocol_version::v3_1_1}), "40020001");
  suback denied{1, {reason_code::granted_qos_1, reason_code::not_authorized}, {"why", {}}};
  EXPECT_EQ(image(denied, {.version = protocol_version::v3_1_1}), "900400010180");
  unsuback done{1, {reason_code::success}, {}};
  EXPECT_EQ(image(done, {.version = protocol_version::v3_1_1}), "b0020001");
}

std::string refusal_of(reason_code reason, std::optional<protocol_version> version) {
  bytes out;
  return encode_refusal(out, {reason, "x"}, version) ? to_hex(out) : "silence";
}

TEST(MqttEncode, RefusesAsTheVersionWantsIt) {
  using enum reason_code;
  EXPECT_EQ(refusal_of(unsupported_protocol_version, protocol_version::v3_1_1), "20020001");
  EXPECT_EQ(refusal_of(unsupported_protocol_version, protocol_version::v5), "20070084041f000178");
  EXPECT_EQ(refusal_of(client_identifier_not_valid, protocol_version::v3_1_1), "20020002");
  EXPECT_EQ(refusal_of(malformed_packet, protocol_version::v3_1_1), "silence");
  EXPECT_EQ(refusal_of(malformed_packet, protocol_version::v5), "20070081041f000178");
  EXPECT_EQ(refusal_of(topic_filter_invalid, protocol_version::v5), "20070080041f000178");
  EXPECT_EQ(refusal_of(unsupported_protocol_version, std::nullopt), "silence");
}

TEST(MqttEncode, CountsBytesInSevenBits) {
  publish what;
  what.topic = "t";
  bytes payload(200);
  for (const auto& [size, header] :
       {std::pair{124U, "307f"}, std::pair{125U, "308001"}, std::pair{200U, "30cb01"}}) {
    what.payload = byte_view{payload}.first(size);
    const auto text = image(what, {.version = protocol_version::v3_1_1});
    EXPECT_TRUE(text.starts_with(header)) << text.substr(0, 8);
  }
}

} // namespace
} // namespace kodama::mqtt
