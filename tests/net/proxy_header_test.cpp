#include "net/proxy_header.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kodama::net {
namespace {

using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v4_addresses = "\xc0\x00\x02\x01\xc6\x33\x64\x02\xd4\x31\x20\xfb"s;
const std::string v6_addresses =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s + std::string(16, 'd') + "\x01\xbb\x20\xfb"s;

std::string header(int version_and_command, int family, const std::string& body) {
  return signature + static_cast<char>(version_and_command) + static_cast<char>(family) +
         static_cast<char>(body.size() >> 8) + static_cast<char>(body.size() & 0xff) + body;
}

auto read(const std::string& text) {
  auto input = as_bytes(text);
  return read_proxy_header(input);
}

void expect_fault(const std::string& text, proxy_fault expected) {
  const auto got = read(text);
  ASSERT_FALSE(got) << "accepted";
  EXPECT_EQ(got.error(), expected) << to_string(got.error());
}

TEST(ProxyHeader, TellsWhereAnIpv4ConnectionCameFrom) {
  const auto text = header(0x21, 0x11, v4_addresses) + "next";
  auto input = as_bytes(text);
  const auto got = read_proxy_header(input);
  ASSERT_TRUE(got && *got && (*got)->source);
  EXPECT_EQ(to_string(*(*got)->source), "192.0.2.1:54321");
  EXPECT_EQ(as_text(input), "next") << "what follows is the connection's own";
}

TEST(ProxyHeader, TellsWhereAnIpv6ConnectionCameFrom) {
  const auto got = read(header(0x21, 0x21, v6_addresses));
  ASSERT_TRUE(got && *got && (*got)->source);
  EXPECT_EQ(to_string(*(*got)->source), "[2001:db8::7]:443");
}

TEST(ProxyHeader, TheProxysOwnConnectionHasNoOtherSource) {
  for (const auto& each : {header(0x20, 0x00, ""), header(0x20, 0x11, v4_addresses),
                           header(0x20, 0x11, "abc"), header(0x20, 0xff, "")}) {
    const auto got = read(each);
    ASSERT_TRUE(got && *got);
    EXPECT_FALSE((*got)->source);
  }
}

TEST(ProxyHeader, FamiliesWithoutNetworkAddressAreAccepted) {
  for (const auto& each : {header(0x21, 0x00, ""), header(0x21, 0x00, "anything"),
                           header(0x21, 0x31, std::string(216, 'p'))}) {
    const auto got = read(each);
    ASSERT_TRUE(got && *got);
    EXPECT_FALSE((*got)->source);
  }
}

TEST(ProxyHeader, UnknownExtensionsAreSkipped) {
  const auto extensions = "\xee\x00\x03"s + "abc" + "\x04\x00\x00"s;
  const auto got = read(header(0x21, 0x11, v4_addresses + extensions));
  ASSERT_TRUE(got && *got && (*got)->source);
  EXPECT_EQ(to_string(*(*got)->source), "192.0.2.1:54321");
}

TEST(ProxyHeader, EveryTruncationWaitsForMore) {
  for (const auto& whole :
       {header(0x21, 0x11, v4_addresses + "\x04\x00\x01x"s), header(0x21, 0x21, v6_addresses),
        header(0x20, 0x00, ""), header(0x21, 0x31, std::string(216, 'p'))})
    for (std::size_t size = 0; size != whole.size(); ++size) {
      const auto cut = whole.substr(0, size);
      auto input = as_bytes(cut);
      const auto got = read_proxy_header(input);
      ASSERT_TRUE(got) << size << ": " << to_string(got.error());
      EXPECT_FALSE(*got) << size;
      EXPECT_EQ(input.size(), size) << "and nothing is taken meanwhile";
      const auto needed = proxy_header_size(input);
      ASSERT_TRUE(needed);
      EXPECT_GT(*needed, size) << "who reads as many as are needed comes to an end";
      EXPECT_LE(*needed, whole.size());
    }
}

TEST(ProxyHeader, WhatIsNoHeaderIsToldAtTheFirstWrongByte) {
  for (std::size_t size = 0; size != signature.size(); ++size)
    expect_fault(signature.substr(0, size) + "x", proxy_fault::no_header);
  expect_fault("\x10\x0c\x00\x04MQTT"s, proxy_fault::no_header);
  expect_fault("PRoXY", proxy_fault::no_header);
}

TEST(ProxyHeader, TheTextualVersionIsNamed) {
  const auto line = "PROXY TCP4 192.0.2.1 198.51.100.2 54321 8443\r\n"s;
  expect_fault(line, proxy_fault::version_1);
  expect_fault(line.substr(0, 5), proxy_fault::version_1);
  EXPECT_TRUE(read(line.substr(0, 4)));
}

TEST(ProxyHeader, FaultsAreToldByName) {
  expect_fault(header(0x11, 0x11, v4_addresses), proxy_fault::unsupported_version);
  expect_fault(header(0x31, 0x11, v4_addresses), proxy_fault::unsupported_version);
  expect_fault(header(0x22, 0x11, v4_addresses), proxy_fault::unknown_command);
  expect_fault(header(0x21, 0x12, v4_addresses), proxy_fault::not_a_stream);
  expect_fault(header(0x21, 0x41, v4_addresses), proxy_fault::unknown_family);
  expect_fault(header(0x21, 0x13, v4_addresses), proxy_fault::unknown_family);
  expect_fault(header(0x21, 0x11, v4_addresses.substr(1)), proxy_fault::address_too_short);
  expect_fault(header(0x21, 0x21, v4_addresses), proxy_fault::address_too_short);
  expect_fault(header(0x21, 0x31, std::string(215, 'p')), proxy_fault::address_too_short);
  expect_fault(header(0x21, 0x11, v4_addresses + "\x04"), proxy_fault::malformed_extension);
  expect_fault(header(0x21, 0x11, v4_addresses + "\x04\x00\x02x"s),
               proxy_fault::malformed_extension);
}

TEST(ProxyHeader, ALengthBeyondTheLimitIsRefusedBeforeItsBodyComes) {
  expect_fault(signature + "\x21\x11\xff\xff"s, proxy_fault::too_long);
  const auto most = proxy_header_size_max - proxy_prefix_size - v4_addresses.size() - 3;
  const auto extension = "\xee"s + static_cast<char>(most >> 8) + static_cast<char>(most & 0xff) +
                         std::string(most, 'e');
  EXPECT_TRUE(read(header(0x21, 0x11, v4_addresses + extension)));
  expect_fault(header(0x21, 0x11, v4_addresses + extension + "\x04\x00\x00"s),
               proxy_fault::too_long);
}

RC_GTEST_PROP(ProxyHeader, NoBytesLeadOutsideTheHeader, (const std::string& tail)) {
  const auto text = signature + tail;
  auto input = as_bytes(text);
  const auto got = read_proxy_header(input);
  if (!got || !*got)
    RC_ASSERT(input.size() == text.size());
  else
    RC_ASSERT(input.size() + proxy_prefix_size <= text.size());
}

} // namespace
} // namespace kodama::net
