#include "client/endpoints.hpp"

#include <gtest/gtest.h>

namespace kodama {
namespace {

using host_and_port = std::pair<std::string, std::string>;

TEST(SplitServer, TakesNamesAndNumbersWithAndWithoutAPort) {
  EXPECT_EQ(split_server("example.net:7401"), (host_and_port{"example.net", "7401"}));
  EXPECT_EQ(split_server("example.net"), (host_and_port{"example.net", "7400"}));
  EXPECT_EQ(split_server("192.0.2.1:80"), (host_and_port{"192.0.2.1", "80"}));
  EXPECT_EQ(split_server("[2001:db8::1]:80"), (host_and_port{"2001:db8::1", "80"}));
  EXPECT_EQ(split_server("[2001:db8::1]"), (host_and_port{"2001:db8::1", "7400"}));
  EXPECT_EQ(split_server("2001:db8::1"), (host_and_port{"2001:db8::1", "7400"}));
}

TEST(Endpoints, ComeBackAsTheyWere) {
  for (const auto text : {"192.0.2.1", "2001:db8::1"}) {
    const auto ip = boost::asio::ip::make_address(text);
    const auto there = to_endpoint(to_address(ip, 7400), ip.is_v6());
    EXPECT_EQ(there.address(), ip);
    EXPECT_EQ(there.port(), 7400);
  }
}

TEST(Endpoints, ReachV4FromASocketOfV6) {
  const auto v4 = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ(to_endpoint(to_address(v4, 1), true).address().to_string(), "::ffff:192.0.2.1");
}

} // namespace
} // namespace kodama
