#include "sim/trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

constexpr trace_kind sent{"sent"};
constexpr trace_kind lost{"lost"};

void tell(trace& to, std::uint64_t a) {
  to.note(instant{1500ms}, host_id{1}, sent, a, 2, 3,
          [a] { return "number " + std::to_string(a); });
  to.note(instant{2s}, host_id{0}, lost);
}

TEST(Trace, HashesTheSameWhateverItKeeps) {
  trace nothing;
  trace numbers{trace::keep::numbers};
  trace texts{trace::keep::text};
  for (auto* each : {&nothing, &numbers, &texts})
    tell(*each, 4);
  EXPECT_EQ(nothing.hash(), numbers.hash());
  EXPECT_EQ(nothing.hash(), texts.hash());
  EXPECT_TRUE(nothing.records().empty());
  EXPECT_EQ(numbers.records().size(), 2u);
  EXPECT_EQ(texts.records()[0].text, "number 4");
}

// Golden, from an independent computation: no compiler, standard library or optimisation level may
// change it.
TEST(Trace, HashesTheSameEverywhere) {
  trace one;
  tell(one, 4);
  EXPECT_EQ(one.hash(), 0x59b220290bb98577);
  EXPECT_EQ(digest(as_bytes("The quick brown fox jumps over the lazy dog")), 0x6855757bf0ab1296);
}

RC_GTEST_PROP(Trace, NoticesEveryNumber, (std::uint64_t a, std::uint64_t b)) {
  RC_PRE(a != b);
  trace one{trace::keep::numbers};
  trace two{trace::keep::numbers};
  tell(one, a);
  tell(two, b);
  RC_ASSERT(one.hash() != two.hash());
  RC_ASSERT(first_difference(one, two) == std::optional<std::size_t>{0});
}

TEST(Trace, NoticesTheOrder) {
  trace one;
  trace two;
  one.note(instant{}, host_id{0}, sent);
  one.note(instant{}, host_id{0}, lost);
  two.note(instant{}, host_id{0}, lost);
  two.note(instant{}, host_id{0}, sent);
  EXPECT_NE(one.hash(), two.hash());
}

TEST(Trace, NamesTheFirstMissingEvent) {
  trace one{trace::keep::numbers};
  trace two{trace::keep::numbers};
  tell(one, 1);
  tell(two, 1);
  EXPECT_EQ(first_difference(one, two), std::nullopt);
  two.note(instant{3s}, host_id{0}, lost);
  EXPECT_EQ(first_difference(one, two), 2u);
}

TEST(Trace, TellsALineWithTimeHostAndText) {
  trace story{trace::keep::text};
  story.name_host(host_id{1}, "client-1");
  tell(story, 4);
  const auto line = story.line(story.records()[0]);
  for (const auto* part : {"1.500000", "client-1", "sent", "number 4"})
    EXPECT_NE(line.find(part), std::string::npos) << line;
}

RC_GTEST_PROP(Digest, SeesEveryByte, (std::string content, std::size_t where)) {
  RC_PRE(!content.empty());
  const auto before = digest(as_bytes(content));
  content[where % content.size()] ^= 0x10;
  RC_ASSERT(digest(as_bytes(content)) != before);
}

} // namespace
} // namespace kodama::sim
