#include "net/usage_file.hpp"

#include "net/system_world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace kodama::net {
namespace {

constexpr std::uint64_t november = 2026 * 12 + 10;

using counts = std::map<std::string, std::uint64_t>;

class UsageFile : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "kodama-usage-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    file_ = directory_ + "/usage";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string written(const counts& all) {
    account_gate gate{clock_, {}, random_};
    for (const auto& [name, count] : all)
      gate.usage_of(name)->restore(november, count);
    EXPECT_TRUE((usage_file{file_, gate}.write()));
    std::ostringstream text;
    text << std::ifstream{file_}.rdbuf();
    return text.str();
  }
  counts read() {
    account_gate gate{clock_, {}, random_};
    std::string why;
    EXPECT_TRUE(usage_file::read(file_, gate, why)) << why;
    counts found;
    for (const auto& [name, used] : gate.usages())
      found[name] = used->messages(november);
    return found;
  }
  counts read(const std::string& text) {
    std::ofstream{file_} << text;
    return read();
  }

private:
  system_clock clock_;
  system_chance random_;
  std::string directory_;
  std::string file_;
};

TEST_F(UsageFile, HasALineForEachAccount) {
  EXPECT_EQ(written({{"alice", 4'711}, {"bob smith", 1}}),
            "2026-11 4711 alice\n2026-11 1 bob smith\n");
  EXPECT_EQ(read(), (counts{{"alice", 4'711}, {"bob smith", 1}}));
}

TEST_F(UsageFile, NoNameForgesALine) {
  const counts all{{"alice", 5},     {"eve\n2026-11 0 alice", 1},
                   {"eve\noops", 2}, {"\r\t\x7f", 3},
                   {"a\\x0ab", 4},   {"\\", 6},
                   {"\xc3\xa4", 7}};
  written(all);
  EXPECT_EQ(read(), all);
}

TEST_F(UsageFile, ABackslashThatBeginsNothingIsItself) {
  EXPECT_EQ(read("2026-11 1 a\\b\n2026-11 2 a\\x0\n2026-11 3 \\x-1\n"),
            (counts{{"a\\b", 1}, {"a\\x0", 2}, {"\\x-1", 3}}));
}

} // namespace
} // namespace kodama::net
