#include "protocol/mqtt/decode_connect.hpp"

#include "packet_stream.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kodama::mqtt {
namespace {

using std::literals::operator""sv;

/// The body of a CONNECT: name, level, flags, no keep alive, and what follows.
bytes body(std::string_view name, unsigned level, unsigned flags, std::string_view rest) {
  bytes all{std::byte{0}, static_cast<std::byte>(name.size())};
  append(all, as_bytes(name));
  all.push_back(static_cast<std::byte>(level));
  all.push_back(static_cast<std::byte>(flags));
  all.resize(all.size() + 2);
  append(all, as_bytes(rest));
  return all;
}

std::string judged(const bytes& what) {
  const fixed_header header{packet_type::connect, 0, 2, static_cast<std::uint32_t>(what.size())};
  const auto decoded = decode(header, what, {});
  if (decoded)
    return "valid";
  const auto& text = decoded.error().text;
  return std::string{name_of(decoded.error().reason)} + ", " + text.substr(text.find_last_of("[("));
}

std::string v5(unsigned flags, std::string_view rest) {
  return judged(body("MQTT", 5, flags, rest));
}
std::string v3_1_1(unsigned flags, std::string_view rest) {
  return judged(body("MQTT", 4, flags, rest));
}

TEST(MqttDecodeConnect, JudgesFlags) {
  EXPECT_EQ(v5(0x02, "\0\0\0"sv), "valid");
  EXPECT_EQ(v5(0x03, "\0\0\0"sv), "Malformed Packet, [MQTT-3.1.2-3]");
  EXPECT_EQ(v5(0x0a, "\0\0\0"sv), "Malformed Packet, [MQTT-3.1.2-11]");
  EXPECT_EQ(v5(0x22, "\0\0\0"sv), "Malformed Packet, [MQTT-3.1.2-13]");
  EXPECT_EQ(v5(0x1e, "\0\0\0\0\0\1t\0\0"sv), "Malformed Packet, [MQTT-3.1.2-12]");
  EXPECT_EQ(v5(0x42, "\0\0\0\0\1p"sv), "valid") << "a password alone is allowed in 5.0";
  EXPECT_EQ(v3_1_1(0x0a, "\0\0"sv), "Malformed Packet, [MQTT-3.1.2-13]");
  EXPECT_EQ(v3_1_1(0x22, "\0\0"sv), "Malformed Packet, [MQTT-3.1.2-15]");
  EXPECT_EQ(v3_1_1(0x1e, "\0\0\0\1t\0\0"sv), "Malformed Packet, [MQTT-3.1.2-14]");
  EXPECT_EQ(v3_1_1(0x42, "\0\0\0\1p"sv), "Malformed Packet, [MQTT-3.1.2-22]");
}

TEST(MqttDecodeConnect, JudgesThePayload) {
  EXPECT_EQ(v3_1_1(0x00, "\0\0"sv), "Client Identifier not valid, [MQTT-3.1.3-8]");
  EXPECT_EQ(v5(0x00, "\0\0\0"sv), "valid");
  EXPECT_EQ(v5(0x02, "\0\0\1\xff"sv), "Malformed Packet, [MQTT-1.5.4-1]");
  EXPECT_EQ(v3_1_1(0x02, "\0\1\0"sv), "Malformed Packet, [MQTT-1.5.3-2]");
  EXPECT_EQ(v5(0x06, "\0\0\0\0\0\1+\0\0"sv), "Topic Name invalid, [MQTT-4.7.0-1]");
  EXPECT_EQ(v3_1_1(0x06, "\0\0\0\1#\0\0"sv), "Topic Name invalid, [MQTT-4.7.1-1]");
  EXPECT_EQ(v5(0x06, "\0\0\0\0\0\0\0\0"sv), "Topic Name invalid, [MQTT-4.7.3-1]");
  EXPECT_EQ(v5(0x06, "\0\0\0\0\0\1t"sv), "Malformed Packet, (MQTT 5.0, 4.13.1)")
      << "no will payload";
  EXPECT_EQ(v5(0x82, "\0\0\0"sv), "Malformed Packet, (MQTT 5.0, 4.13.1)") << "no user name";
  EXPECT_EQ(v5(0x02, "\0\0\0x"sv), "Malformed Packet, (MQTT 5.0, 4.13.1)") << "trailing";
  EXPECT_EQ(v3_1_1(0x02, "\0\0x"sv), "Malformed Packet, (MQTT 3.1.1, 4.8)");
}

TEST(MqttDecodeConnect, JudgesProperties) {
  EXPECT_EQ(v5(0x02, "\3\x21\0\0\0\0"sv), "Protocol Error, (MQTT 5.0, 3.1.2.11.3, 3.2.2.3.3)");
  EXPECT_EQ(v5(0x02, "\3\x16\0\0\0\0"sv), "Protocol Error, (MQTT 5.0, 3.1.2.11.10)");
  EXPECT_EQ(v5(0x02, "\7\x15\0\1a\x16\0\0\0\0"sv), "valid");
  EXPECT_EQ(v5(0x02, "\2\x17\2\0\0"sv), "Protocol Error, (MQTT 5.0, 3.1.2.11, 3.2.2.3)");
  EXPECT_EQ(v5(0x02, "\2\x24\1\0\0"sv), "Malformed Packet, (MQTT 5.0, 2.2.2.2)") << "a server's";
  EXPECT_EQ(v5(0x06, "\0\0\0\3\x21\0\1\0\1t\0\0"sv), "Malformed Packet, (MQTT 5.0, 2.2.2.2)");
}

TEST(MqttDecodeConnect, WantsTheShortestLengthInFiveOnly) {
  for (const auto& [level, rest, expected] :
       {std::tuple{5U, "\0\0\0"sv, "[MQTT-1.5.5-1]"}, std::tuple{4U, "\0\0"sv, "none"}}) {
    const auto what = body("MQTT", level, 2, rest);
    const auto decoded =
        decode({packet_type::connect, 0, 3, static_cast<std::uint32_t>(what.size())}, what, {});
    const std::string text = decoded ? "none" : decoded.error().text;
    EXPECT_TRUE(text.ends_with(expected)) << text;
  }
}

struct version_row {
  const char* name;
  unsigned level;
  std::optional<protocol_version> answer;
};

// A client of 3.1 understands the CONNACK of 3.1.1, and finds return code 1 in it.
TEST(MqttDecodeConnect, RefusesOtherVersionsSoThatTheyUnderstand) {
  const version_row rows[] = {{"MQIsdp", 3, protocol_version::v3_1_1},
                              {"MQTT", 3, protocol_version::v3_1_1},
                              {"MQTT", 0x84, protocol_version::v3_1_1},
                              {"MQTT", 6, protocol_version::v5},
                              {"HTTP", 4, std::nullopt}};
  for (const auto& row : rows) {
    const auto what = body(row.name, row.level, 2, "\0\1a"sv);
    const auto judgement = judged(what);
    EXPECT_TRUE(judgement.starts_with("Unsupported Protocol Version, [MQTT-3.1.2-")) << judgement;
    bytes stream{std::byte{0x10}, static_cast<std::byte>(what.size())};
    append(stream, what);
    packet_reader reader{100};
    reader.feed(stream);
    const auto next = reader.next();
    ASSERT_FALSE(next);
    EXPECT_EQ(reader.version(), row.answer) << row.name << row.level;
    bytes answer;
    EXPECT_EQ(encode_refusal(answer, next.error(), reader.version()), row.answer.has_value());
    if (row.answer == protocol_version::v3_1_1) {
      EXPECT_EQ(to_hex(answer), "20020001");
    }
  }
  EXPECT_FALSE(version_of_answer(as_bytes("\0\4MQTT"sv)));
  EXPECT_FALSE(version_of_answer(as_bytes("\0"sv)));
}

} // namespace
} // namespace kodama::mqtt
