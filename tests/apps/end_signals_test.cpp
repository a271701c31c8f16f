#include "apps/end_signals.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>

namespace kodama::apps {
namespace {

/// A pipe that takes nothing more.
class full_pipe {
public:
  full_pipe() {
    EXPECT_EQ(::pipe2(ends_.data(), O_NONBLOCK), 0);
    const std::array<char, 4096> piece{};
    while (::write(ends_[1], piece.data(), piece.size()) > 0) {
    }
  }
  ~full_pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  full_pipe(const full_pipe&) = delete;
  full_pipe& operator=(const full_pipe&) = delete;

  [[nodiscard]] int to_write() const { return ends_[1]; }
  void read_all() {
    std::array<char, 4096> piece{};
    while (::read(ends_[0], piece.data(), piece.size()) > 0) {
    }
  }

private:
  std::array<int, 2> ends_{};
};

TEST(EndSignals, AreOneWishWhenTheyComeAtOnce) {
  boost::asio::io_context context;
  end_signals signals{context};
  int told = 0;
  std::function<void()> count = [&] {
    if (++told == 2)
      return;
    signals.async_wait(count);
    ::raise(SIGINT);
  };
  signals.async_wait(count);
  EXPECT_FALSE(signals.came());
  ::raise(SIGTERM);
  ::raise(SIGINT);
  EXPECT_TRUE(signals.came());
  context.run();
  EXPECT_EQ(told, 2);
}

TEST(EndSignals, CancelledTellNothing) {
  boost::asio::io_context context;
  end_signals signals{context};
  signals.async_wait([] { FAIL(); });
  signals.cancel();
  context.run();
}

TEST(EndSignals, EndTheWaitingForAReader) {
  boost::asio::io_context context;
  end_signals signals{context};
  full_pipe pipe;
  ::raise(SIGINT);
  EXPECT_FALSE(signals.wait_writable(pipe.to_write()));
  // Also when the loop has been told long ago; what takes something is not kept from it.
  signals.async_wait([] {});
  context.run();
  EXPECT_FALSE(signals.wait_writable(pipe.to_write()));
  pipe.read_all();
  EXPECT_TRUE(signals.wait_writable(pipe.to_write()));
}

TEST(EndSignals, LeaveTheProcessWithThem) {
  const auto before = ::signal(SIGTERM, SIG_IGN);
  {
    boost::asio::io_context context;
    const end_signals signals{context};
  }
  EXPECT_EQ(::signal(SIGTERM, before), SIG_IGN);
}

} // namespace
} // namespace kodama::apps
