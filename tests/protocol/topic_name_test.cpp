#include "protocol/topic_name.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace kodama {
namespace {

bool is_valid(std::string_view name) {
  return check_topic_name(name, 256).has_value();
}

/// By the bit layout of RFC 3629, 3; also where it is forbidden: overlong or a surrogate.
std::string encode(std::uint32_t code_point, int length) {
  const auto tail = [code_point](int shift) {
    return static_cast<char>(0x80 | (code_point >> shift & 0x3f));
  };
  switch (length) {
  case 1: return {static_cast<char>(code_point)};
  case 2: return {static_cast<char>(0xc0 | code_point >> 6), tail(0)};
  case 3: return {static_cast<char>(0xe0 | code_point >> 12), tail(6), tail(0)};
  default: return {static_cast<char>(0xf0 | code_point >> 18), tail(12), tail(6), tail(0)};
  }
}

int shortest(std::uint32_t code_point) {
  return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

TEST(TopicName, MayBeOrdinary) {
  EXPECT_TRUE(is_valid("a"));
  EXPECT_TRUE(is_valid("chat/lobby"));
  EXPECT_TRUE(is_valid("/leading//and trailing/"));
  EXPECT_TRUE(is_valid("price in $"));
  EXPECT_TRUE(is_valid("木霊/こだま/🌲"));
}

TEST(TopicName, IsNeverEmpty) {
  EXPECT_EQ(check_topic_name("", 256).error(), errc::invalid_topic);
}

TEST(TopicName, MayBeAsLongAsTheLimit) {
  EXPECT_TRUE(check_topic_name("abcd", 4).has_value());
  EXPECT_EQ(check_topic_name("abcde", 4).error(), errc::topic_too_long);
  EXPECT_EQ(check_topic_name("木霊", 5).error(), errc::topic_too_long);
  EXPECT_EQ(check_topic_name("++++++", 5).error(), errc::topic_too_long);
}

TEST(TopicName, LeavesTheWildcardsToFilters) {
  for (const auto name : {"+", "#", "a/+/b", "a/#", "a+", "#a"})
    EXPECT_EQ(check_topic_name(name, 256).error(), errc::invalid_topic) << name;
}

TEST(TopicName, LeavesTheDollarToTheServer) {
  EXPECT_FALSE(is_valid("$SYS/uptime"));
  EXPECT_FALSE(is_valid("$"));
  EXPECT_TRUE(is_valid("a/$SYS"));
}

TEST(TopicName, MayHoldEveryCodePointButControlsWildcardsAndSurrogates) {
  for (std::uint32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
    const bool control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
    const bool wildcard = code_point == '+' || code_point == '#';
    const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
    const auto name = "a" + encode(code_point, shortest(code_point));
    ASSERT_EQ(is_valid(name), !control && !wildcard && !surrogate) << std::hex << code_point;
  }
}

TEST(TopicName, EndsWithTheLastCodePoint) {
  EXPECT_TRUE(is_valid("\xf4\x8f\xbf\xbf"));      // U+10FFFF
  EXPECT_FALSE(is_valid("\xf4\x90\x80\x80"));     // U+110000
  EXPECT_FALSE(is_valid("\xf7\xbf\xbf\xbf"));     // U+1FFFFF
  EXPECT_FALSE(is_valid("\xf8\x88\x80\x80\x80")); // five bytes
  EXPECT_FALSE(is_valid("\xfe")) << "in no UTF-8 whatsoever";
  EXPECT_FALSE(is_valid("\xff")) << "in no UTF-8 whatsoever";
}

TEST(TopicName, HasOneSpellingOnly) {
  for (std::uint32_t code_point = 1; code_point != 0x10000; ++code_point)
    for (int length = shortest(code_point) + 1; length <= 4; ++length)
      ASSERT_FALSE(is_valid(encode(code_point, length))) << std::hex << code_point;
  EXPECT_FALSE(is_valid("\xc0\x80")) << "Java's U+0000";
}

TEST(TopicName, HasNoSequenceCutShortOrOutOfPlace) {
  for (const std::string whole : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\xb2"}) {
    ASSERT_TRUE(is_valid(whole));
    for (std::size_t size = 1; size != whole.size(); ++size) {
      EXPECT_FALSE(is_valid(whole.substr(0, size)));
      EXPECT_FALSE(is_valid(whole.substr(0, size) + "a"));
      EXPECT_FALSE(is_valid(whole.substr(size)));
      EXPECT_FALSE(is_valid(whole.substr(0, size) + whole));
    }
    EXPECT_FALSE(is_valid(whole + "\x80"));
  }
}

TEST(TopicName, MayNotHideAByteOfZero) {
  EXPECT_FALSE(is_valid(std::string_view{"a\0b", 3}));
}

TEST(TopicFilter, MayBeATopicOrHaveWildcardsInWholeLevels) {
  for (const auto filter :
       {"a", "chat/lobby", "+", "#", "a/+/b", "+/+", "a/#", "+/b/#", "/+", "//#"})
    EXPECT_TRUE(check_topic_filter(filter, 256).has_value()) << filter;
}

TEST(TopicFilter, HasNoWildcardWithinALevelAndNothingBehindTheLast) {
  for (const auto filter : {"a+", "+a", "a/b+/c", "#/a", "a#", "a/#/", "##", "++"})
    EXPECT_EQ(check_topic_filter(filter, 256).error(), errc::invalid_topic) << filter;
}

TEST(TopicFilter, IsOtherwiseMadeAsANameIs) {
  EXPECT_EQ(check_topic_filter("", 256).error(), errc::invalid_topic);
  EXPECT_EQ(check_topic_filter("$SYS/#", 256).error(), errc::invalid_topic);
  EXPECT_EQ(check_topic_filter("$share/group/a", 256).error(), errc::invalid_topic);
  EXPECT_EQ(check_topic_filter("a\n/#", 256).error(), errc::invalid_topic);
  EXPECT_EQ(check_topic_filter("\xff/#", 256).error(), errc::invalid_topic);
  EXPECT_EQ(check_topic_filter("a/b/#", 4).error(), errc::topic_too_long);
}

TEST(TopicFilter, HasAtMost128Levels) {
  std::string filter = "+";
  for (int levels = 1; levels != 128; ++levels)
    filter += "/+";
  EXPECT_TRUE(check_topic_filter(filter, 1000).has_value());
  EXPECT_EQ(check_topic_filter(filter + "/+", 1000).error(), errc::invalid_topic);
}

} // namespace
} // namespace kodama
