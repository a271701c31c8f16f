#include "apps/run_limit.hpp"

#include "apps/sandbox.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>

namespace kodama::apps {
namespace {

using namespace std::chrono_literals;

TEST(RunLimit, EndsWhatComputesForTooLong) {
  auto process = sandbox::start([](int) {
    const run_limit limit{200ms};
    for (volatile int i = 0; i >= 0;)
      i = 0;
  });
  EXPECT_EQ(process->finish(), "the run does not end");
}

TEST(RunLimit, EndsWhatStandsStillForTooLong) {
  auto process = sandbox::start([](int) {
    const run_limit limit{300ms};
    while (true)
      ::pause();
  });
  EXPECT_EQ(process->finish(), "the run does not end");
}

TEST(RunLimit, TheTimeOfOneRunIsNotTheNextOnes) {
  auto process = sandbox::start([](int) {
    for (int i = 0; i != 4; ++i) {
      const run_limit limit{250ms};
      ::poll(nullptr, 0, 100);
    }
  });
  EXPECT_EQ(process->finish(), std::nullopt);
}

TEST(RunLimit, WhoIsStoppedMeanwhileLosesNothing) {
  auto process = sandbox::start([](int pipe) {
    const run_limit limit{300ms};
    const auto self = std::to_string(::getpid());
    if (::write(pipe, self.data(), self.size()) > 0)
      ::raise(SIGSTOP);
  });
  ASSERT_TRUE(process->read());
  const auto& told = process->unread();
  pid_t child = -1;
  std::from_chars(told.data(), told.data() + told.size(), child);
  ASSERT_GT(child, 0);
  ::poll(nullptr, 0, 1000); // by the clock on the wall its time is up
  ::kill(child, SIGCONT);
  EXPECT_EQ(process->finish(), std::nullopt);
}

} // namespace
} // namespace kodama::apps
