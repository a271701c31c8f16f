#include "protocol/mqtt/reason_code.hpp"

#include <gtest/gtest.h>

namespace kodama::mqtt {
namespace {

TEST(MqttReasonCode, HasTheFortyThreeOfTheSpecification) {
  int named = 0;
  for (int code = 0; code != 256; ++code)
    named += name_of(static_cast<reason_code>(code)) != "Unknown";
  EXPECT_EQ(named, 43);
  EXPECT_EQ(name_of(reason_code::success), "Success");
  EXPECT_EQ(name_of(reason_code::receive_maximum_exceeded), "Receive Maximum exceeded");
  EXPECT_EQ(name_of(static_cast<reason_code>(0xa2)), "Wildcard Subscriptions not supported");
}

// As many as each packet's own table in chapter 3 lists.
TEST(MqttReasonCode, IsAllowedWhereTheTableOfThePacketHasIt) {
  const auto count = [](packet_type type) {
    int allowed = 0;
    for (int code = 0; code != 256; ++code)
      allowed += is_allowed(static_cast<reason_code>(code), type);
    return allowed;
  };
  EXPECT_EQ(count(packet_type::connack), 22);
  EXPECT_EQ(count(packet_type::puback), 9);
  EXPECT_EQ(count(packet_type::pubrec), 9);
  EXPECT_EQ(count(packet_type::pubrel), 2);
  EXPECT_EQ(count(packet_type::pubcomp), 2);
  EXPECT_EQ(count(packet_type::suback), 12);
  EXPECT_EQ(count(packet_type::unsuback), 7);
  EXPECT_EQ(count(packet_type::auth), 3);
  EXPECT_EQ(count(packet_type::publish), 0);
}

TEST(MqttReasonCode, TranslatesToReturnCodesAndBack) {
  for (std::uint8_t code = 0; code != 6; ++code)
    EXPECT_EQ(to_return_code(from_return_code(code).value()), code);
  EXPECT_FALSE(from_return_code(6));
  EXPECT_EQ(to_return_code(reason_code::banned), 5);
  EXPECT_EQ(to_return_code(reason_code::server_busy), 3);
  EXPECT_FALSE(to_return_code(reason_code::malformed_packet));
  EXPECT_FALSE(to_return_code(reason_code::packet_too_large));
}

} // namespace
} // namespace kodama::mqtt
