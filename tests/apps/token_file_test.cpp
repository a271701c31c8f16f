#include "apps/token_file.hpp"

#include "apps/token_size.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace kodama::apps {
namespace {

class TokenFile : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "kodama-tokens-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ + "/tokens.txt";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  parsed<std::vector<std::string>> read(const std::string& text) {
    std::ofstream{file_} << text;
    return read_tokens(file_);
  }

  /// What is wrong, behind the file's name.
  std::string refused(const std::string& text) {
    const auto tokens = read(text);
    return tokens ? "accepted" : tokens.error().reason.substr(file_.size());
  }

  std::string directory_, file_;
};

TEST_F(TokenFile, HoldsOneALine) {
  EXPECT_EQ(*read("# who may come in\n\none\r\ntwo words\nthree"),
            (std::vector<std::string>{"one", "two words", "three"}));
  EXPECT_EQ(refused("# nobody\n\n\r\n"), ": holds no token; expected one a line");
}

TEST_F(TokenFile, ABlankThatNobodySeesIsNoPartOfAToken) {
  for (const std::string token : {"one ", "one\t", " one", "one \r", "  "})
    EXPECT_EQ(refused("# a comment \nnone\n" + token + "\n"),
              ":3: begins or ends with a blank, which would be part of the token; take it away");
}

TEST_F(TokenFile, NoTokenIsLongerThanAClientCanSend) {
  const std::string longest(token_size_max(), 'x');
  EXPECT_TRUE(read(longest + "\n"));
  EXPECT_EQ(refused(longest + "x\n"), ":1: has 3973 bytes; the protocol has room for 3972");
}

TEST_F(TokenFile, NoTokenStandsThereTwice) {
  EXPECT_EQ(refused("one\ntwo\none\n"), ":3: is the token of line 1 again");
}

} // namespace
} // namespace kodama::apps
