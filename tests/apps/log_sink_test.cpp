#include "apps/log_sink.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace kodama::apps {
namespace {

/// A log into a pipe that is read when a test says so.
class LogSink : public testing::Test {
protected:
  LogSink() {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends_[0], F_SETFL, O_NONBLOCK), 0);
    log_ = std::make_unique<spdlog::logger>("kodama", std::make_shared<log_sink>(ends_[1]));
    log_->set_pattern("%v");
  }
  ~LogSink() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  /// What is in the pipe.
  std::string read() {
    std::string all;
    std::array<char, 4096> piece;
    for (ssize_t got = 0; (got = ::read(ends_[0], piece.data(), piece.size())) > 0;)
      all.append(piece.data(), static_cast<std::size_t>(got));
    return all;
  }

  std::array<int, 2> ends_{};
  std::unique_ptr<spdlog::logger> log_;
};

TEST_F(LogSink, WritesLines) {
  log_->info("one");
  log_->warn("two");
  EXPECT_EQ(read(), "one\ntwo\n");
}

TEST_F(LogSink, WaitsForNoReaderAndCountsWhatIsLost) {
  const std::string line(99, 'x'); // 100 with its end
  constexpr int lines = 2'000;     // thrice what a pipe holds
  for (int i = 0; i != lines; ++i)
    log_->info(line);
  const auto all = read();
  const auto kept = std::count(all.begin(), all.end(), '\n');
  EXPECT_GT(kept, 100);
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kept) * 100);
  log_->info("again");
  log_->info("and again");
  EXPECT_EQ(read(),
            "[kodama] " + std::to_string(lines - kept) +
                " lines of the log lost: nobody read standard error in time\nagain\nand again\n");
}

TEST_F(LogSink, ALineThatWasCutIsEndedBeforeTheNext) {
  log_->info(std::string(1'000'000, 'x'));
  const auto cut = read();
  EXPECT_GT(cut.size(), 4096u);
  EXPECT_EQ(cut, std::string(cut.size(), 'x'));
  log_->info("next");
  EXPECT_EQ(read(),
            "\n[kodama] 1 line of the log lost: nobody read standard error in time\nnext\n");
}

TEST_F(LogSink, TellsOfALossOnce) {
  const std::string line(100'000, 'x');
  log_->info(line);
  read();
  log_->info(line);
  EXPECT_TRUE(read().starts_with("\n[kodama] 1 line of the log lost: "));
  log_->info("next");
  EXPECT_EQ(read(),
            "\n[kodama] 1 line of the log lost: nobody read standard error in time\nnext\n");
}

TEST_F(LogSink, LeavesThePipeAsItIsForOthers) {
  log_->info("one");
  EXPECT_EQ(::fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0);
}

TEST(LogSinkOfATerminal, WaitsForNoReader) {
  int screen = -1;
  int terminal = -1;
  ASSERT_EQ(::openpty(&screen, &terminal, nullptr, nullptr, nullptr), 0);
  spdlog::logger log{"kodama", std::make_shared<log_sink>(terminal)};
  log.set_pattern("%v");
  for (int i = 0; i != 2'000; ++i)
    log.info(std::string(99, 'x'));
  ASSERT_EQ(::fcntl(screen, F_SETFL, O_NONBLOCK), 0);
  std::array<char, 4096> piece;
  while (::read(screen, piece.data(), piece.size()) > 0) {
  }
  log.info("next");
  const auto got = ::read(screen, piece.data(), piece.size());
  ASSERT_GT(got, 0);
  const std::string said(piece.data(), static_cast<std::size_t>(got));
  EXPECT_NE(said.find(" lines of the log lost"), std::string::npos) << said;
  EXPECT_NE(said.find("next"), std::string::npos) << said;
  ::close(screen);
  ::close(terminal);
}

} // namespace
} // namespace kodama::apps
