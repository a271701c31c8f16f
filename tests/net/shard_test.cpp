#include "net/shard.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama::net {
namespace {

using log = std::vector<std::string>;

/// Ends the turn's line in the log.
class end_of_turn final : public flushable {
public:
  explicit end_of_turn(log& into)
      : into_{into} {}
  void flush() override { into_.back() += '.'; }

private:
  log& into_;
};

/// Has something to read so many times, and writes its name whenever it is read.
class source final : public readable, public std::enable_shared_from_this<source> {
public:
  source(shard& home, log& into, std::string name, std::size_t size, int times)
      : home_{home}
      , into_{into}
      , name_{std::move(name)}
      , size_{size}
      , times_{times} {}

  std::size_t read() override {
    if (into_.empty() || into_.back().ends_with('.')) {
      into_.emplace_back();
      home_.flush_later(std::make_shared<end_of_turn>(into_));
    }
    into_.back() += name_;
    if (--times_ != 0)
      home_.read_soon(shared_from_this());
    else if (name_ == "z")
      home_.stop();
    return size_;
  }

private:
  shard& home_;
  log& into_;
  std::string name_;
  std::size_t size_;
  int times_;
};

struct Shard : testing::Test {
  shard home{nullptr, 0};
  log seen;

  void add(std::string name, std::size_t size, int times = 1) {
    home.read_soon(std::make_shared<source>(home, seen, std::move(name), size, times));
  }
};

constexpr std::size_t kib = 1024;

TEST_F(Shard, ReadsAllThatHaveLittleInOneTurn) {
  for (const auto* name : {"a", "b", "c", "z"})
    add(name, 10 * kib);
  home.run();
  EXPECT_EQ(seen, (log{"abcz."}));
}

TEST_F(Shard, ReadsSoMuchInATurnAndTheOthersInTheNext) {
  for (const auto* name : {"a", "b", "c", "z"})
    add(name, 200 * kib);
  home.run();
  EXPECT_EQ(seen, (log{"ab.", "cz."}));
}

TEST_F(Shard, ReadsWhoHasWaitedBeforeWhoHasMore) {
  add("a", 300 * kib, 2);
  add("b", 300 * kib, 2);
  add("c", 10 * kib);
  add("z", 300 * kib, 2);
  home.run();
  EXPECT_EQ(seen, (log{"a.", "b.", "cz.", "a.", "b.", "z."}));
}

} // namespace
} // namespace kodama::net
