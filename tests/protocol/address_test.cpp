#include "protocol/address.hpp"

#include "protocol/bytes.hpp"

#include <gtest/gtest.h>

namespace kodama {
namespace {

std::string printed(std::array<std::uint16_t, 8> groups, std::uint16_t port = 7400) {
  address where;
  for (std::size_t i = 0; i != groups.size(); ++i)
    store_big(where.ip.data() + 2 * i, groups[i]);
  where.port = port;
  return to_string(where);
}

TEST(Address, PrintsMappedV4AsADottedQuad) {
  EXPECT_EQ(to_string(make_v4(0xc0000201, 7400)), "192.0.2.1:7400");
  EXPECT_EQ(to_string(make_v4(0, 0)), "0.0.0.0:0");
  EXPECT_EQ(to_string(make_v4(0xffffffff, 65535)), "255.255.255.255:65535");
}

TEST(Address, MapsV4IntoV6) {
  EXPECT_EQ(printed({0, 0, 0, 0, 0, 0xffff, 0x7f00, 1}), "127.0.0.1:7400");
  EXPECT_EQ(make_v4(0x7f000001, 1).ip[12], std::byte{0x7f});
  EXPECT_EQ(make_v4(0x7f000001, 1).ip[15], std::byte{0x01});
}

// The numbers are the paragraphs of RFC 5952.
TEST(Address, PrintsV6InItsCanonicalForm) {
  EXPECT_EQ(printed({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1}), "[2001:db8::1]:7400");          // 4.1
  EXPECT_EQ(printed({0x2001, 0xdb8, 0, 0, 0, 0, 2, 1}), "[2001:db8::2:1]:7400");        // 4.2.1
  EXPECT_EQ(printed({0x2001, 0xdb8, 0, 1, 1, 1, 1, 1}), "[2001:db8:0:1:1:1:1:1]:7400"); // 4.2.2
  EXPECT_EQ(printed({0x2001, 0, 0, 1, 0, 0, 0, 1}), "[2001:0:0:1::1]:7400");            // 4.2.3
  EXPECT_EQ(printed({0x2001, 0xdb8, 0, 0, 1, 0, 0, 1}), "[2001:db8::1:0:0:1]:7400");    // 4.2.3
  EXPECT_EQ(printed({0xABCD, 0xEF, 1, 1, 1, 1, 1, 1}), "[abcd:ef:1:1:1:1:1:1]:7400");   // 4.3
}

TEST(Address, CompressesAtEitherEndAndThroughout) {
  EXPECT_EQ(printed({0, 0, 0, 0, 0, 0, 0, 0}, 0), "[::]:0");
  EXPECT_EQ(printed({0, 0, 0, 0, 0, 0, 0, 1}), "[::1]:7400");
  EXPECT_EQ(printed({0xfe80, 0, 0, 0, 0, 0, 0, 0}), "[fe80::]:7400");
  EXPECT_EQ(printed({1, 0, 0, 0, 0, 0, 0, 0x10}), "[1::10]:7400");
}

TEST(Address, IsNotTakenForV4WhenOnlyNearlyMapped) {
  EXPECT_EQ(printed({0, 0, 0, 0, 0, 0xfffe, 0x7f00, 1}), "[::fffe:7f00:1]:7400");
  EXPECT_EQ(printed({0, 0, 0, 0, 1, 0xffff, 0x7f00, 1}), "[::1:ffff:7f00:1]:7400");
}

} // namespace
} // namespace kodama
