#include "sim/story_page.hpp"

#include "tests/sim/told_scenario.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace kodama::sim {
namespace {

/// Reads one JSON value (RFC 8259) and forgets it; throws where there is none.
class json_reader {
public:
  explicit json_reader(std::string_view text)
      : rest_{text} {}

  void read_all() {
    value();
    space();
    expect(rest_.empty());
  }

private:
  static void expect(bool fine) {
    if (!fine)
      throw std::runtime_error{"no JSON"};
  }
  char take() {
    expect(!rest_.empty());
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }
  bool skip(char wanted) {
    space();
    if (rest_.empty() || rest_.front() != wanted)
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  void space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n'))
      rest_.remove_prefix(1);
  }
  void value() {
    if (skip('{'))
      return members('}', [this] {
        string();
        expect(skip(':'));
        value();
      });
    if (skip('['))
      return members(']', [this] { value(); });
    if (!rest_.empty() && rest_.front() == '"')
      return string();
    expect(!rest_.empty() && (rest_.front() == '-' || std::isdigit(rest_.front()) != 0));
    while (!rest_.empty() && std::string_view{"-.0123456789"}.find(rest_.front()) != rest_.npos)
      rest_.remove_prefix(1);
  }
  template <class Member>
  void members(char end, Member member) {
    if (skip(end))
      return;
    do {
      space();
      member();
    } while (skip(','));
    expect(skip(end));
  }
  void string() {
    expect(skip('"'));
    for (char next = take(); next != '"'; next = take()) {
      expect(static_cast<unsigned char>(next) >= 0x20);
      if (next != '\\')
        continue;
      expect(take() == 'u');
      for (int i = 0; i != 4; ++i)
        expect(std::isxdigit(static_cast<unsigned char>(take())) != 0);
    }
  }

  std::string_view rest_;
};

TEST(StoryPage, ShowsTheStoryAsWellFormedData) {
  for (std::uint64_t seed = 1; seed != 6; ++seed) {
    const auto data = story_data(told(scenario::draw(seed, fault_profile::swarm)));
    EXPECT_NO_THROW(json_reader{data}.read_all()) << "seed " << seed;
  }
}

run_story hostile() {
  auto in = told(tunnel());
  in.command = "kodama replay \"</title><script>alert(1)</script>\"";
  in.events.front().text = "</script><script>alert(2)</script>\n\\\"\x01\xff & {{style}}";
  in.events.front().facts = {{"topic", "<img src=x onerror=alert(3)>"}};
  in.hosts.back() = "<b>";
  return in;
}

TEST(StoryPage, EscapesEveryText) {
  const auto in = hostile();
  const auto data = story_data(in);
  EXPECT_NO_THROW(json_reader{data}.read_all());
  EXPECT_EQ(data.find_first_of("<>&"), std::string::npos);
  EXPECT_NE(data.find("\\ufffd"), std::string::npos) << "for a byte that is no UTF-8";
  const auto made = story_page(in);
  for (const auto* markup : {"<script>alert", "<img", "<b>"})
    EXPECT_EQ(made.find(markup), std::string::npos) << markup;
}

TEST(StoryPage, LoadsNothingFromAnywhere) {
  const auto made = story_page(told(tunnel()));
  EXPECT_NE(made.find("default-src 'none'"), std::string::npos);
  for (const auto* outside : {"src=", "href=", "url(", "@import", "http:", "https:", "fetch("})
    EXPECT_EQ(made.find(outside), std::string::npos) << outside;
  EXPECT_EQ(made.find("{{"), std::string::npos) << "a place that nobody has filled in";
}

} // namespace
} // namespace kodama::sim
