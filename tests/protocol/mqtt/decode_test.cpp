// One broken rule after the other: every row is a packet that was right but for one thing.

#include "protocol/mqtt/decode.hpp"

#include "packet_stream.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kodama::mqtt {
namespace {

bytes from_hex(std::string_view text) {
  bytes all;
  std::string digits;
  for (const auto letter : text)
    if (letter != ' ')
      digits += letter;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    all.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return all;
}

/// "Malformed Packet: PUBLISH, QoS: is 3 [MQTT-3.3.1-4]", or the packet's name.
std::string judged(protocol_version version, endpoint sender, std::string_view packet_hex) {
  const auto image = from_hex(packet_hex);
  const decode_options options{sender, version};
  const auto refused = [](const error& why) {
    EXPECT_FALSE(why.text.empty());
    return std::string{name_of(why.reason)} + ": " + why.text;
  };
  const auto header = read_fixed_header(image, options);
  if (!header)
    return refused(header.error());
  if (!*header || (*header)->packet_size() != image.size())
    return "a wrong Remaining Length";
  const auto decoded = decode(**header, byte_view{image}.subspan((*header)->size), options);
  return decoded ? std::string{name_of(type_of(*decoded))} : refused(decoded.error());
}

std::string from_client(std::string_view packet_hex) {
  return judged(protocol_version::v5, endpoint::client, packet_hex);
}
std::string from_server(std::string_view packet_hex) {
  return judged(protocol_version::v5, endpoint::server, packet_hex);
}
std::string from_old_client(std::string_view packet_hex) {
  return judged(protocol_version::v3_1_1, endpoint::client, packet_hex);
}
std::string from_old_server(std::string_view packet_hex) {
  return judged(protocol_version::v3_1_1, endpoint::server, packet_hex);
}

TEST(MqttDecode, JudgesTheFixedHeader) {
  EXPECT_EQ(from_client("00 00"), "Malformed Packet: packet type 0: is reserved (MQTT 5.0, 2.1.2)");
  EXPECT_EQ(from_old_client("f0 00"), "Malformed Packet: AUTH: is reserved (MQTT 3.1.1, 2.2.1)");
  EXPECT_EQ(from_client("20 00"),
            "Protocol Error: CONNACK: never comes from a client (MQTT 5.0, 2.1.2)");
  EXPECT_EQ(from_server("c0 00"),
            "Protocol Error: PINGREQ: never comes from a server (MQTT 5.0, 2.1.2)");
  EXPECT_EQ(from_old_server("e0 00"),
            "Protocol Error: DISCONNECT: never comes from a server (MQTT 3.1.1, 2.2.1)");
  for (const auto* packet :
       {"11", "41", "5f", "60", "63", "71", "80", "83", "a0", "c1", "e4", "f8"})
    EXPECT_TRUE(from_client(packet).ends_with("[MQTT-2.1.3-1]")) << packet;
  EXPECT_EQ(from_old_client("c1 00"),
            "Malformed Packet: PINGREQ: flags 0x01 instead of 0x00 [MQTT-2.2.2-2]");
  EXPECT_EQ(from_client("30 80 80 80 80 01"),
            "Malformed Packet: PUBLISH: Remaining Length has more than four bytes (MQTT 5.0, "
            "2.1.4; 3.1.1, 2.2.3)");
  EXPECT_EQ(
      from_client("c0 80 00"),
      "Malformed Packet: PINGREQ: Remaining Length has more bytes than it needs [MQTT-1.5.5-1]");
  EXPECT_EQ(from_old_client("c0 80 00"), "PINGREQ");
  EXPECT_EQ(from_client("c0 01 00"),
            "Malformed Packet: PINGREQ: 1 bytes follow the last field (MQTT 5.0, 4.13.1)");
}

TEST(MqttDecode, JudgesPublish) {
  EXPECT_EQ(from_client("30 04 0001 74 00"), "PUBLISH");
  EXPECT_EQ(from_client("36 06 0001 74 0001 00"),
            "Malformed Packet: PUBLISH, QoS: is 3 [MQTT-3.3.1-4]");
  EXPECT_EQ(from_client("38 04 0001 74 00"),
            "Malformed Packet: PUBLISH, DUP: is set with QoS 0 [MQTT-3.3.1-2]");
  EXPECT_EQ(from_client("32 06 0001 74 0000 00"),
            "Protocol Error: PUBLISH, packet identifier: is 0 [MQTT-2.2.1-3]");
  EXPECT_EQ(from_old_client("32 05 0001 74 0000"),
            "Protocol Error: PUBLISH, packet identifier: is 0 [MQTT-2.3.1-1]");
  EXPECT_EQ(from_client("30 06 0003 612f2b 00"),
            "Topic Name invalid: PUBLISH, topic name: holds a wildcard: \"a/+\" [MQTT-3.3.2-2]");
  EXPECT_EQ(from_old_client("30 05 0003 23 2f61"),
            "Topic Name invalid: PUBLISH, topic name: holds a wildcard: \"#/a\" [MQTT-3.3.2-2]");
  EXPECT_EQ(from_client("30 03 0000 00"), "Protocol Error: PUBLISH, topic name: is empty, and "
                                          "there is no Topic Alias (MQTT 5.0, 3.3.2.1)");
  EXPECT_EQ(from_client("30 06 0000 03 230001"), "PUBLISH");
  EXPECT_EQ(from_old_client("30 02 0000"),
            "Topic Name invalid: PUBLISH, topic name: is empty [MQTT-4.7.3-1]");
  EXPECT_EQ(from_client("30 04 0002 c080"), "Malformed Packet: PUBLISH, topic name: is not "
                                            "well-formed UTF-8: \"\\xc0\\x80\" [MQTT-1.5.4-1]");
  EXPECT_EQ(from_old_client("30 05 0003 eda080"),
            "Malformed Packet: PUBLISH, topic name: is not well-formed UTF-8: \"\\xed\\xa0\\x80\" "
            "[MQTT-1.5.3-1]");
  EXPECT_EQ(from_client("30 06 0003 610062 00"),
            "Malformed Packet: PUBLISH, topic name: holds U+0000: \"a\\x00b\" [MQTT-1.5.4-2]");
  EXPECT_EQ(from_client("30 04 0005 7474"), "Malformed Packet: PUBLISH, topic name: needs 5 bytes, "
                                            "but the packet has 2 left (MQTT 5.0, 4.13.1)");
}

TEST(MqttDecode, JudgesProperties) {
  EXPECT_EQ(from_client("30 07 0001 74 03 230000"),
            "Topic Alias invalid: PUBLISH, Topic Alias: is 0 [MQTT-3.3.2-8]");
  EXPECT_EQ(from_client("30 06 0001 74 02 0b01"),
            "Protocol Error: PUBLISH, Subscription Identifier: from a client [MQTT-3.3.4-6]");
  EXPECT_EQ(from_server("30 08 0001 74 04 0b01 0b02"), "PUBLISH");
  EXPECT_EQ(
      from_server("30 06 0001 74 02 0b00"),
      "Protocol Error: PUBLISH, Subscription Identifier: is 0 (MQTT 5.0, 3.3.2.3.8, 3.8.2.1.2)");
  EXPECT_EQ(from_client("30 08 0001 74 04 0100 0100"),
            "Protocol Error: PUBLISH, Payload Format Indicator: comes twice (MQTT 5.0, 2.2.2.2)");
  EXPECT_EQ(from_client("30 06 0001 74 02 0102"),
            "Protocol Error: PUBLISH, Payload Format Indicator: is 2, neither 0 nor 1 (MQTT 5.0, "
            "3.3.2.3.2)");
  EXPECT_EQ(from_client("30 09 0001 74 05 1100000000"),
            "Malformed Packet: PUBLISH, property identifier: 17 (Session Expiry Interval) has no "
            "place here (MQTT 5.0, 2.2.2.2)");
  EXPECT_EQ(from_client("30 06 0001 74 02 0400"),
            "Malformed Packet: PUBLISH, property identifier: 4 (unknown property) has no place "
            "here (MQTT 5.0, 2.2.2.2)");
  EXPECT_EQ(from_client("30 07 0001 74 03 810100"),
            "Malformed Packet: PUBLISH, property identifier: 129 (unknown property) has no place "
            "here (MQTT 5.0, 2.2.2.2)");
  EXPECT_EQ(
      from_client("30 05 0001 74 8000"),
      "Malformed Packet: PUBLISH, property length: has more bytes than it needs [MQTT-1.5.5-1]");
  EXPECT_EQ(
      from_client("30 08 0001 74 8080808001"),
      "Malformed Packet: PUBLISH, property length: has more than four bytes (MQTT 5.0, 1.5.5)");
  EXPECT_EQ(from_client("30 05 0001 74 0901"),
            "Malformed Packet: PUBLISH, property length: is 9, but the packet has 1 bytes left "
            "(MQTT 5.0, 2.2.2.1)");
  EXPECT_EQ(
      from_client("30 07 0001 74 02 230001"),
      "Malformed Packet: PUBLISH, property length: ends within a property (MQTT 5.0, 2.2.2.1)");
  EXPECT_EQ(from_client("30 08 0001 74 04 0800 012b"),
            "Topic Name invalid: PUBLISH, Response Topic: holds a wildcard: \"+\" [MQTT-3.3.2-14]");
  EXPECT_EQ(from_client("30 0a 0001 74 06 26 0001ff 0000"),
            "Malformed Packet: PUBLISH, User Property: is not well-formed UTF-8: \"\\xff\" "
            "[MQTT-1.5.4-1]");
}

TEST(MqttDecode, JudgesConnack) {
  EXPECT_EQ(from_server("20 03 01 00 00"), "CONNACK");
  EXPECT_EQ(from_server("20 03 02 00 00"),
            "Malformed Packet: CONNACK, acknowledge flags: 0x02 [MQTT-3.2.2-1]");
  EXPECT_EQ(from_server("20 03 01 80 00"),
            "Protocol Error: CONNACK, Session Present: is set in a refusal [MQTT-3.2.2-6]");
  EXPECT_EQ(from_old_server("20 02 01 05"),
            "Protocol Error: CONNACK, Session Present: is set in a refusal [MQTT-3.2.2-4]");
  EXPECT_EQ(from_old_server("20 02 00 06"),
            "Malformed Packet: CONNACK, return code: 0x06 is reserved (MQTT 3.1.1, 3.2.2.3)");
  EXPECT_EQ(from_server("20 03 00 92 00"),
            "Protocol Error: CONNACK, reason code: 0x92 (Packet Identifier not found) has no place "
            "here [MQTT-3.2.2-8]");
  EXPECT_EQ(from_server("20 06 00 00 03 210000"),
            "Protocol Error: CONNACK, Receive Maximum: is 0 (MQTT 5.0, 3.1.2.11.3, 3.2.2.3.3)");
  EXPECT_EQ(from_server("20 08 00 00 05 2700000000"),
            "Protocol Error: CONNACK, Maximum Packet Size: is 0 (MQTT 5.0, 3.1.2.11.4, 3.2.2.3.6)");
  EXPECT_EQ(
      from_server("20 05 00 00 02 2402"),
      "Protocol Error: CONNACK, Maximum QoS: is 2, neither 0 nor 1 (MQTT 5.0, 3.1.2.11, 3.2.2.3)");
  EXPECT_EQ(from_server("20 06 00 00 03 160000"),
            "Protocol Error: CONNACK, Authentication Data: without an Authentication Method (MQTT "
            "5.0, 3.2.2.3.18)");
}

TEST(MqttDecode, JudgesAcknowledgements) {
  EXPECT_EQ(from_client("40 02 0001"), "PUBACK");
  EXPECT_EQ(from_client("40 03 0001 10"), "PUBACK");
  EXPECT_EQ(from_client("40 04 0001 10 00"), "PUBACK");
  EXPECT_EQ(from_client("40 02 0000"),
            "Protocol Error: PUBACK, packet identifier: is 0 [MQTT-2.2.1-3]");
  EXPECT_EQ(from_client("40 01 00"), "Malformed Packet: PUBACK, packet identifier: needs 2 bytes, "
                                     "but the packet has 1 left (MQTT 5.0, 4.13.1)");
  EXPECT_EQ(from_old_client("40 03 0001 00"),
            "Malformed Packet: PUBACK: 1 bytes follow the last field (MQTT 3.1.1, 4.8)");
  EXPECT_TRUE(from_client("40 03 0001 92").ends_with("[MQTT-3.4.2-1]"));
  EXPECT_TRUE(from_client("50 03 0001 92").ends_with("[MQTT-3.5.2-1]"));
  EXPECT_TRUE(from_client("62 03 0001 80").ends_with("[MQTT-3.6.2-1]"));
  EXPECT_TRUE(from_client("70 03 0001 80").ends_with("[MQTT-3.7.2-1]"));
}

TEST(MqttDecode, JudgesSubscribe) {
  EXPECT_EQ(from_client("82 07 0001 00 0001 61 2e"), "SUBSCRIBE");
  EXPECT_EQ(from_client("82 03 0001 00"),
            "Protocol Error: SUBSCRIBE: has no topic filter [MQTT-3.8.3-2]");
  EXPECT_EQ(from_old_client("82 02 0001"),
            "Protocol Error: SUBSCRIBE: has no topic filter [MQTT-3.8.3-3]");
  EXPECT_EQ(from_client("82 07 0000 00 0001 61 00"),
            "Protocol Error: SUBSCRIBE, packet identifier: is 0 [MQTT-2.2.1-3]");
  EXPECT_EQ(from_client("82 0c 0001 00 0001 61 00 0002 6123 00"),
            "Topic Filter invalid: SUBSCRIBE, topic filter 2: \"a#\" has '#' beside other "
            "characters of its level [MQTT-4.7.1-1]");
  EXPECT_EQ(from_client("82 06 0001 00 0000 00"),
            "Topic Filter invalid: SUBSCRIBE, topic filter 1: \"\" is empty [MQTT-4.7.3-1]");
  EXPECT_EQ(from_client("82 07 0001 00 0001 61 40"),
            "Malformed Packet: SUBSCRIBE, topic filter 1: options 0x40 have reserved bits set "
            "[MQTT-3.8.3-5]");
  EXPECT_EQ(
      from_client("82 07 0001 00 0001 61 03"),
      "Protocol Error: SUBSCRIBE, topic filter 1: options 0x03 ask for QoS 3 (MQTT 5.0, 3.8.3.1)");
  EXPECT_EQ(from_client("82 07 0001 00 0001 61 30"),
            "Protocol Error: SUBSCRIBE, topic filter 1: options 0x30 have Retain Handling 3 (MQTT "
            "5.0, 3.8.3.1)");
  EXPECT_EQ(from_client("82 10 0001 00 000a 2473686172652f672f61 04"),
            "Protocol Error: SUBSCRIBE, topic filter 1: No Local on a shared subscription "
            "[MQTT-3.8.3-4]");
  EXPECT_EQ(from_old_client("82 06 0001 0001 61 04"),
            "Malformed Packet: SUBSCRIBE, topic filter 1: options 0x04 hold more than a QoS of 0, "
            "1 or 2 [MQTT-3-8.3-4]");
  EXPECT_EQ(
      from_client("82 09 0001 02 0b00 0001 61 00"),
      "Protocol Error: SUBSCRIBE, Subscription Identifier: is 0 (MQTT 5.0, 3.3.2.3.8, 3.8.2.1.2)");
  EXPECT_TRUE(from_client("82 0b 0001 04 0b01 0b02 0001 61 00")
                  .ends_with("comes twice (MQTT 5.0, 2.2.2.2)"));
  EXPECT_TRUE(from_client("82 06 0001 00 0001 61")
                  .starts_with("Malformed Packet: SUBSCRIBE, subscription options: needs"));
}

TEST(MqttDecode, JudgesTheOtherRequestsAndAnswers) {
  EXPECT_EQ(from_client("a2 03 0001 00"),
            "Protocol Error: UNSUBSCRIBE: has no topic filter [MQTT-3.10.3-2]");
  EXPECT_TRUE(from_client("a2 07 0001 00 0002 2b61").ends_with("[MQTT-4.7.1-2]"));
  EXPECT_EQ(from_server("90 03 0001 00"),
            "Protocol Error: SUBACK: has no reason code [MQTT-3.9.3-2]");
  EXPECT_TRUE(from_server("90 04 0001 00 03").ends_with("[MQTT-3.9.3-2]"));
  EXPECT_EQ(from_old_server("90 03 0001 80"), "SUBACK");
  EXPECT_EQ(from_old_server("90 03 0001 87"),
            "Malformed Packet: SUBACK, return code: 0x87 is reserved [MQTT-3.9.3-2]");
  EXPECT_TRUE(from_server("b0 04 0001 00 01").ends_with("[MQTT-3.11.3-2]"));
  EXPECT_EQ(from_client("e0 01 04"), "DISCONNECT");
  EXPECT_EQ(from_server("e0 01 04"), "Protocol Error: DISCONNECT, reason code: 0x04 (Disconnect "
                                     "with Will Message) from a server [MQTT-3.14.2-1]");
  EXPECT_EQ(from_server("e0 07 00 05 1100000001"),
            "Protocol Error: DISCONNECT, Session Expiry Interval: from a server [MQTT-3.14.2-2]");
  EXPECT_TRUE(from_client("e0 01 01").ends_with("[MQTT-3.14.2-1]"));
  EXPECT_EQ(from_client("e0 01 8e"),
            "Protocol Error: DISCONNECT, reason code: 0x8e from a client [MQTT-3.14.2-1]");
  EXPECT_EQ(from_server("e0 01 8e"), "DISCONNECT");
  EXPECT_TRUE(
      from_old_client("e0 01 00").starts_with("Malformed Packet: DISCONNECT: 1 bytes follow"));
  EXPECT_EQ(from_client("f0 00"), "AUTH");
  EXPECT_EQ(from_client("f0 02 18 00"),
            "Protocol Error: AUTH, Authentication Method: is missing (MQTT 5.0, 3.15.2.2.2)");
  EXPECT_EQ(
      from_server("f0 06 19 04 15000161"),
      "Protocol Error: AUTH, reason code: 0x19 (Re-authenticate) from a server [MQTT-3.15.2-1]");
}

TEST(MqttDecode, ShowsLongTextsShortened) {
  std::string topic = "2b";
  for (int i = 0; i != 199; ++i)
    topic += "61";
  EXPECT_EQ(from_old_client("30 ca01 00c8" + topic),
            "Topic Name invalid: PUBLISH, topic name: holds a wildcard: \"+" +
                std::string(47, 'a') + "...\" [MQTT-3.3.2-2]");
}

} // namespace
} // namespace kodama::mqtt
