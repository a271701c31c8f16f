#include "net/system_world.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

namespace kodama::net {
namespace {

TEST(TokenList, WithoutTokensEverybodyIsTheSameHolder) {
  const token_list none{{}};
  EXPECT_EQ(none.identify(""), 1u);
  EXPECT_EQ(none.identify("anything"), 1u);
}

TEST(TokenList, ATokenThatStaysKeepsItsHolder) {
  token_list tokens{{"one", "two", "three"}};
  const auto two = tokens.identify("two");
  EXPECT_EQ((std::set{tokens.identify("one"), two, tokens.identify("three")}).size(), 3u);
  const auto one = tokens.identify("one");
  tokens.replace({"three", "new", "two"});
  EXPECT_EQ(tokens.identify("two"), two);
  EXPECT_EQ(tokens.identify("one"), 0u) << "removed";
  EXPECT_EQ(tokens.identify("new"), 4u) << "and no number is given twice";
  tokens.replace({"one"});
  EXPECT_NE(tokens.identify("one"), one) << "whoever comes back is somebody else";
}

TEST(TokenList, ATokenWrittenTwiceIsOneHolder) {
  const token_list tokens{{"a", "b", "a"}};
  EXPECT_EQ(tokens.identify("a"), 1u);
  EXPECT_EQ(tokens.identify("b"), 2u);
}

TEST(TokenList, IsExchangedWhileOthersAsk) {
  token_list tokens{{"stays", "goes"}};
  std::atomic<bool> done{false};
  std::thread asking{[&] {
    while (!done)
      EXPECT_EQ(tokens.identify("stays"), 1u);
  }};
  for (int i = 0; i != 1'000; ++i)
    tokens.replace({"new " + std::to_string(i), "stays"});
  done = true;
  asking.join();
}

} // namespace
} // namespace kodama::net
