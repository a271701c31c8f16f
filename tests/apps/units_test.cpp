#include "apps/units.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

namespace kodama::apps {
namespace {

using namespace std::chrono_literals;

template <class T>
std::string reason(const parsed<T>& value) {
  return value ? "accepted" : value.error().reason;
}

TEST(ParseDuration, TakesANumberAndAUnit) {
  EXPECT_EQ(*parse_duration("200ms"), 200ms);
  EXPECT_EQ(*parse_duration("5s"), 5s);
  EXPECT_EQ(*parse_duration("1m"), 1min);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("10000h"), 10'000h);
}

TEST(ParseDuration, RefusesWhatCouldMeanSomethingElse) {
  for (const auto* text : {"", "5", "ms", "-5s", "+5s", " 5s", "5s ", "1e3s", "1.s", ".5s",
                           "1.2.3s", "infs", "nan", "5 s", "0x10s", "10001h", "1e999h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ParseDuration, SaysWhatItExpects) {
  EXPECT_EQ(reason(parse_duration("5")),
            "\"5\" is not a duration; expected a number and a unit, such as 200ms, 5s or 1m");
}

RC_GTEST_PROP(ParseDuration, ReadsEveryMillisecondExactly, ()) {
  const auto count = *rc::gen::inRange(0, 1'000'000'000);
  RC_ASSERT(*parse_duration(std::to_string(count) + "ms") == std::chrono::milliseconds{count});
}

TEST(ParseShare, TakesPercentagesAndFractions) {
  EXPECT_DOUBLE_EQ(*parse_share("5%"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_share("0.05"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_share("0.5%"), 0.005);
  EXPECT_EQ(*parse_share("0"), 0.0);
  EXPECT_EQ(*parse_share("100%"), 1.0);
  EXPECT_EQ(*parse_share("1.0"), 1.0);
}

TEST(ParseShare, RefusesABareWholeNumber) {
  EXPECT_EQ(reason(parse_share("1")), "\"1\" is ambiguous; expected 1% or a fraction up to 1.0");
  EXPECT_EQ(reason(parse_share("50")), "\"50\" is ambiguous; expected 50% or a fraction up to 1.0");
}

TEST(ParseShare, RefusesMoreThanAllAndNonsense) {
  for (const auto* text : {"", "%", "101%", "1.1", "-1%", "5 %", "5%%", "nan", "5x"})
    EXPECT_FALSE(parse_share(text)) << text;
}

TEST(ParseSize, KnowsPowersOfTwoAndOfTen) {
  EXPECT_EQ(*parse_size("512"), 512u);
  EXPECT_EQ(*parse_size("512B"), 512u);
  EXPECT_EQ(*parse_size("64KiB"), 65'536u);
  EXPECT_EQ(*parse_size("64kib"), 65'536u);
  EXPECT_EQ(*parse_size("10MB"), 10'000'000u);
  EXPECT_EQ(*parse_size("1.5GiB"), 1'610'612'736u);
}

TEST(ParseSize, RefusesPartsOfBytesAndNonsense) {
  for (const auto* text : {"", "1.5", "-1", "64K", "64 KiB", "KiB", "8388609GiB", "1e3"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(ParseRate, IsASizePerSecondAndNotZero) {
  EXPECT_EQ(*parse_rate("64KiB"), 65'536u);
  EXPECT_EQ(*parse_rate("10MB/s"), 10'000'000u);
  for (const auto* text : {"0", "0/s", "/s", "10MB/m", "10MB/s/s"})
    EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(ParseNumber, TakesAll64BitsAndNoMore) {
  EXPECT_EQ(*parse_number("18446744073709551615"), 18'446'744'073'709'551'615u);
  for (const auto* text : {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "0x1", "1.0"})
    EXPECT_FALSE(parse_number(text)) << text;
}

TEST(ParseNumberWithin, NamesItsRange) {
  EXPECT_EQ(*parse_number_within("1", 1, 256), 1u);
  EXPECT_EQ(*parse_number_within("256", 1, 256), 256u);
  for (const auto* text : {"0", "257"})
    EXPECT_EQ(reason(parse_number_within(text, 1, 256)),
              '"' + std::string{text} + "\" is out of range; expected 1 to 256");
  for (const auto* text : {"x", "-1", ""})
    EXPECT_EQ(reason(parse_number_within(text, 1, 256)),
              '"' + std::string{text} + "\" is not a number; expected 1 to 256");
}

TEST(ParseHostPort, TakesNamesAndNumbers) {
  EXPECT_EQ(*parse_host_port("127.0.0.1:7400"), (host_port{"127.0.0.1", 7400}));
  EXPECT_EQ(*parse_host_port("example.org:1"), (host_port{"example.org", 1}));
  EXPECT_EQ(*parse_host_port("[2001:db8::1]:65535"), (host_port{"2001:db8::1", 65535}));
  EXPECT_EQ(*parse_host_port("[::]:0"), (host_port{"::", 0}));
}

TEST(ParseHostPort, RefusesWhatHasTwoMeaningsOrNone) {
  for (const auto* text : {"", "localhost", ":7400", "[]:7400", "::1:7400", "[::1]", "[::1:7400",
                           "host:", "host:65536", "host:-1", "host:+1", "host:1x", "host: 1"})
    EXPECT_FALSE(parse_host_port(text)) << text;
  EXPECT_EQ(
      reason(parse_host_port("::1:7400")),
      "\"::1:7400\" is ambiguous; expected brackets around an IPv6 address, as in [::1]:7400");
}

} // namespace
} // namespace kodama::apps
