#include "protocol/tlv.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace kodama {
namespace {

/// Sections as hex digits would spell them, built without the writer.
bytes raw_section(std::uint16_t type, std::uint32_t length, std::size_t bytes_following) {
  bytes image(section_header_size + bytes_following);
  store_big(image.data(), type);
  store_big(image.data() + 4, length);
  return image;
}

bytes sections_of(const bytes& message) {
  return {message.begin() + message_header_size, message.end()};
}

TEST(ReadHeader, WaitsForTwelveBytes) {
  const bytes input(11);
  EXPECT_FALSE(read_header(input, {}).value().has_value());
}

TEST(ReadHeader, RefusesFourGibibytesByHeaderAlone) {
  bytes input(12);
  store_big(input.data() + 4, std::uint32_t{0xfffffffc});
  EXPECT_EQ(read_header(input, {}).error(), errc::message_too_long);
}

TEST(ReadHeader, CountsTheHeaderTowardsTheLimit) {
  bytes input(12);
  store_big(input.data() + 4, std::uint32_t{88});
  EXPECT_TRUE(read_header(input, {.message_size_max = 100}).value().has_value());
  EXPECT_EQ(read_header(input, {.message_size_max = 99}).error(), errc::message_too_long);
}

TEST(ReadHeader, RefusesALengthThatNoSectionsHave) {
  bytes input(12);
  for (const std::uint32_t length : {1U, 2U, 3U, 5U}) {
    store_big(input.data() + 4, length);
    EXPECT_EQ(read_header(input, {}).error(), errc::malformed_message);
  }
}

RC_GTEST_PROP(ReadHeader, ReadsWhatTheWriterWrote, (std::uint16_t type, std::uint32_t timestamp)) {
  bytes image;
  message_writer{image, static_cast<message_type>(type), timestamp}
      .u32(section_type::remaining, 1)
      .finish();
  const auto header = read_header(image, {}).value().value();
  RC_ASSERT(header.type == static_cast<message_type>(type));
  RC_ASSERT(header.timestamp == timestamp);
  RC_ASSERT(header.message_size() == image.size());
}

TEST(PatchTimestamp, TouchesNothingElse) {
  bytes image;
  message_writer{image, message_type::pong, 1}.u32(section_type::echo_timestamp, 7).finish();
  bytes expected;
  message_writer{expected, message_type::pong, 0xa1b2c3d4}
      .u32(section_type::echo_timestamp, 7)
      .finish();
  patch_timestamp(image.data(), 0xa1b2c3d4);
  EXPECT_EQ(image, expected);
}

RC_GTEST_PROP(MessageWriter, PadsEverySectionWithZeros,
              (const std::vector<std::uint8_t>& content)) {
  bytes value;
  for (const auto byte : content)
    value.push_back(static_cast<std::byte>(byte | 1));
  bytes image;
  message_writer{image, message_type::publish, 0}.user(0x8001, value).finish();
  RC_ASSERT(image.size() % 4 == 0);
  RC_ASSERT(image.size() == message_header_size + section_size(value.size()));
  const auto padding = image.begin() + message_header_size + section_header_size +
                       static_cast<std::ptrdiff_t>(value.size());
  RC_ASSERT(std::count(padding, image.end(), std::byte{0}) == image.end() - padding);
}

TEST(FindFirst, LooksAsFarAsSectionsAreWellFormed) {
  bytes image;
  message_writer{image, message_type::connect_token, 0}
      .u32(section_type::resume_window, 1)
      .u32(section_type::resume_window, 2) // twice, which no message may have
      .u32(section_type::protocol_version, 3)
      .finish();
  const auto sections = sections_of(image);
  const auto number = [](byte_view value) { return load_big<std::uint32_t>(value.data()); };
  EXPECT_EQ(number(find_first(sections, section_type::resume_window).value()), 1U);
  EXPECT_EQ(number(find_first(sections, section_type::protocol_version).value()), 3U);
  EXPECT_FALSE(find_first(sections, section_type::topic).has_value());
  const auto cut =
      byte_view{sections}.first(sections.size() - 4); // the last one goes beyond the end
  EXPECT_TRUE(find_first(cut, section_type::resume_window).has_value());
  EXPECT_FALSE(find_first(cut, section_type::protocol_version).has_value());
}

TEST(SectionIndex, FindsEachKind) {
  bytes image;
  const bytes content(5, std::byte{9});
  message_writer{image, message_type::publish, 0}
      .u32(section_type::protocol_version, 0x01020304)
      .u64(section_type::probe_id, 0x0102030405060708)
      .text(section_type::topic, "chat")
      .raw(section_type::padding, content)
      .user(0xffff, content)
      .finish();
  const auto sections = sections_of(image);
  const auto index = section_index::parse(sections, 5).value();
  EXPECT_EQ(index.u32(section_type::protocol_version).value(), 0x01020304U);
  EXPECT_EQ(index.u64(section_type::probe_id).value(), 0x0102030405060708U);
  EXPECT_EQ(index.text(section_type::topic).value(), "chat");
  EXPECT_TRUE(std::ranges::equal(index.value(section_type::padding).value(), content));
  ASSERT_TRUE(index.user().has_value());
  EXPECT_EQ(index.user()->type, 0xffff);
  EXPECT_TRUE(std::ranges::equal(index.user()->value, content));
}

TEST(SectionIndex, KnowsWhatIsMissing) {
  const auto index = section_index::parse({}, 32).value();
  EXPECT_FALSE(index.has(section_type::topic));
  EXPECT_FALSE(index.user().has_value());
  EXPECT_EQ(index.value(section_type::topic).error(), errc::malformed_message);
  EXPECT_EQ(index.u32_or(section_type::remaining, 3).value(), 3U);
  EXPECT_EQ(index.u64_or(section_type::probe_id, 4).value(), 4U);
  EXPECT_EQ(index.text_or_empty(section_type::token).value(), "");
}

TEST(SectionIndex, RefusesANumberOfAnotherSizeEvenWhereItIsOptional) {
  bytes image;
  message_writer{image, message_type::ping, 0}
      .u64(section_type::remaining, 1)
      .u32(section_type::probe_id, 1)
      .finish();
  const auto sections = sections_of(image);
  const auto index = section_index::parse(sections, 32).value();
  EXPECT_EQ(index.u32(section_type::remaining).error(), errc::malformed_message);
  EXPECT_EQ(index.u32_or(section_type::remaining, 3).error(), errc::malformed_message);
  EXPECT_EQ(index.u64(section_type::probe_id).error(), errc::malformed_message);
  EXPECT_EQ(index.u64_or(section_type::probe_id, 3).error(), errc::malformed_message);
}

TEST(SectionIndex, SkipsTheUnknownEvenTwice) {
  bytes sections;
  for (const std::uint16_t type : {0x0001, 0x0fff, 0x1020, 0x7fff, 0x7fff})
    append(sections, raw_section(type, 3, 4));
  append(sections, raw_section(0x8000, 0, 0));
  const auto index = section_index::parse(sections, 32);
  ASSERT_TRUE(index.has_value());
  EXPECT_EQ(index->user()->type, 0x8000);
}

TEST(SectionIndex, RefusesAKnownSectionTwice) {
  for (std::uint16_t type = 0x1000; type != 0x1020; ++type) {
    auto sections = raw_section(type, 4, 4);
    append(sections, raw_section(type, 4, 4));
    EXPECT_EQ(section_index::parse(sections, 32).error(), errc::malformed_message) << type;
  }
}

TEST(SectionIndex, RefusesASecondUserSectionOfWhateverType) {
  auto sections = raw_section(0x8000, 0, 0);
  append(sections, raw_section(0x9000, 0, 0));
  EXPECT_EQ(section_index::parse(sections, 32).error(), errc::malformed_message);
}

TEST(SectionIndex, CountsTheUnknownTowardsTheLimit) {
  bytes sections;
  for (int i = 0; i != 4; ++i)
    append(sections, raw_section(0x7000, 0, 0));
  EXPECT_TRUE(section_index::parse(sections, 4).has_value());
  EXPECT_EQ(section_index::parse(sections, 3).error(), errc::too_many_sections);
}

TEST(SectionIndex, RefusesASectionThatReachesOutOfItsMessage) {
  EXPECT_EQ(section_index::parse(bytes(4), 32).error(), errc::malformed_message);
  EXPECT_EQ(section_index::parse(raw_section(0x1009, 5, 4), 32).error(), errc::malformed_message);
  EXPECT_EQ(section_index::parse(raw_section(0x1009, 0xffffffff, 4), 32).error(),
            errc::malformed_message);
  // The value is there, its padding is not.
  EXPECT_EQ(section_index::parse(raw_section(0x1009, 3, 3), 32).error(), errc::malformed_message);
}

RC_GTEST_PROP(SectionIndex, SurvivesArbitraryBytes, (const std::vector<std::uint16_t>& words)) {
  // Words from a small alphabet, or hardly any input would get past its first section.
  bytes sections(words.size() * 2);
  for (std::size_t i = 0; i != words.size(); ++i) {
    const std::uint16_t alphabet[] = {0, 1, 3, 4, 8, 0x1006, 0x1009, 0x8000, words[i]};
    store_big(sections.data() + 2 * i, alphabet[words[i] % std::size(alphabet)]);
  }
  const auto index = section_index::parse(sections, 8);
  if (!index)
    RC_ASSERT(index.error() == errc::malformed_message || index.error() == errc::too_many_sections);
  else if (index->has(section_type::topic))
    RC_ASSERT(index->value(section_type::topic)->size() <= sections.size());
}

} // namespace
} // namespace kodama
