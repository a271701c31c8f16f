#include "apps/message_text.hpp"

#include <gtest/gtest.h>

namespace kodama::apps {
namespace {

std::string json(std::string_view content) {
  std::string text;
  append_json(text, client_event::received{.topic = "t",
                                           .sequence = 7,
                                           .sender = 3,
                                           .content_type = 0x8001,
                                           .content = as_bytes(content),
                                           .via = client_event::transport::tcp});
  return text;
}

constexpr std::string_view before =
    R"({"topic":"t","sequence":7,"sender":3,"type":"0x8001","transport":"tcp",)";

TEST(MessageText, TellsAMessageInOneLine) {
  EXPECT_EQ(json("hello"), std::string{before} + "\"payload\":\"hello\"}\n");
}

TEST(MessageText, EscapesWhatWouldEndTheStringOrTheLine) {
  EXPECT_EQ(json("\"\\\n\r\t\x01\x1f"),
            std::string{before} + R"("payload":"\"\\\n\r\t\u0001\u001f"})" + '\n');
}

TEST(MessageText, WritesInBase64WhatIsNotUtf8) {
  // RFC 4648, 10, with a byte in front that is no UTF-8.
  EXPECT_EQ(json("\xff"), std::string{before} + "\"payload_base64\":\"/w==\"}\n");
  EXPECT_EQ(json("\xff\xfe"), std::string{before} + "\"payload_base64\":\"//4=\"}\n");
  EXPECT_EQ(json("\xff\xfe\xfd"), std::string{before} + "\"payload_base64\":\"//79\"}\n");
  EXPECT_EQ(json("\xff"
                 "foobar"),
            std::string{before} + "\"payload_base64\":\"/2Zvb2Jhcg==\"}\n");
}

TEST(MessageText, IsJsonAlsoWhereATopicIsNotUtf8) {
  std::string text;
  append_json_string(text, "\xff\xc3\xb6/\xe6\x9c\"");
  EXPECT_EQ(text, "\"\xef\xbf\xbd\xc3\xb6/\xef\xbf\xbd\xef\xbf\xbd\\\"\"");
}

TEST(MessageText, ShowsATerminalNothingThatItWouldObey) {
  EXPECT_EQ(printable("\x1b]0;x\x07\nkodama: \x7f\xc2\x9b\xff"),
            "\\x1b]0;x\\x07\\x0akodama: \\x7f\\xc2\\x9b\\xff");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // a surrogate
  EXPECT_EQ(printable("say \"木霊\" \\"), "say \"木霊\" \\");
}

TEST(MessageText, WithoutAGuaranteeThereIsNoSequence) {
  std::string text;
  append_json(text, client_event::received{.topic = "t",
                                           .sequence = 0,
                                           .sender = 3,
                                           .content_type = 0xffff,
                                           .content = {},
                                           .via = client_event::transport::udp});
  EXPECT_EQ(text, "{\"topic\":\"t\",\"sequence\":null,\"sender\":3,\"type\":\"0xffff\","
                  "\"transport\":\"udp\",\"payload\":\"\"}\n");
}

TEST(MessageText, TellsWhoLeft) {
  std::string text;
  append_json(text, client_event::presence{"a\"b", 4, 3, message::presence_event::left});
  EXPECT_EQ(text, "{\"presence\":\"left\",\"topic\":\"a\\\"b\",\"sequence\":4,\"client\":3}\n");
}

} // namespace
} // namespace kodama::apps
