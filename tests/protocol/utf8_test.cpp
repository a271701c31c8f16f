#include "protocol/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace kodama {
namespace {

using namespace std::string_literals;

TEST(Utf8, AcceptsTheFirstAndLastOfEachLength) {
  EXPECT_TRUE(is_utf8(""));
  for (const auto& text : {"\0"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s,
                           "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s})
    EXPECT_TRUE(is_utf8("before" + text + "after"));
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndWhatIsBrokenOff) {
  for (const auto& text : {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s,
                           "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xff"s, "\xe6\x9c"s, "\xc2"s})
    EXPECT_FALSE(is_utf8("before" + text));
}

TEST(Utf8, ThePrintableFrontEndsAtTheFirstOtherLetterWhereverItStands) {
  for (int letter = 0; letter != 256; ++letter)
    for (std::size_t at = 0; at != 20; ++at) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(letter);
      const bool printable = letter >= 0x20 && letter <= 0x7e;
      EXPECT_EQ(without_printable_front(text),
                printable ? std::string_view{} : std::string_view{text}.substr(at));
    }
  for (std::size_t size = 0; size != 20; ++size)
    EXPECT_EQ(without_printable_front(std::string(size, '~') + "\x7f~"), "\x7f~");
}

RC_GTEST_PROP(Utf8, TakesAnyTextApartAsItWasPutTogether, (const std::vector<std::uint16_t>& all)) {
  std::u32string expected;
  std::string text;
  for (const auto each : all) {
    if (each >= 0xd800 && each <= 0xdfff)
      continue;
    expected += each;
    if (each < 0x80) {
      text += static_cast<char>(each);
    } else if (each < 0x800) {
      text += static_cast<char>(0xc0 | each >> 6);
      text += static_cast<char>(0x80 | (each & 0x3f));
    } else {
      text += static_cast<char>(0xe0 | each >> 12);
      text += static_cast<char>(0x80 | (each >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (each & 0x3f));
    }
  }
  RC_ASSERT(is_utf8(text));
  std::string_view rest{text};
  for (const auto each : expected) {
    std::uint32_t code_point = 0;
    RC_ASSERT(take_code_point(rest, code_point));
    RC_ASSERT(code_point == each);
  }
  RC_ASSERT(rest.empty());
}

} // namespace
} // namespace kodama
