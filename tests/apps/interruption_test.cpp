#include "apps/interruption.hpp"

#include "apps/sandbox.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <cstdlib>

namespace kodama::apps {
namespace {

TEST(Interruption, ComesOnceHoweverOftenItIsSentAtOnce) {
  auto process = sandbox::start([](int) {
    const interruption interrupted;
    if (interrupted.came())
      std::_Exit(2);
    for (const int signal : {SIGTERM, SIGTERM, SIGINT})
      ::raise(signal);
    std::_Exit(interrupted.came() ? 0 : 3);
  });
  EXPECT_EQ(process->finish(), std::nullopt);
}

TEST(Interruption, TheSecondWishEndsTheProcess) {
  auto process = sandbox::start([](int) {
    const interruption interrupted;
    ::raise(SIGINT);
    ::poll(nullptr, 0, static_cast<int>(2 * interruption::same_wish.count()));
    const interruption again; // whoever asks later changes nothing
    ::raise(SIGTERM);
  });
  EXPECT_EQ(process->finish(), "the process ended with signal 15");
}

} // namespace
} // namespace kodama::apps
