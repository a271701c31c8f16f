#include "apps/sandbox.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace kodama::apps {
namespace {

TEST(Sandbox, HandsOnWhatItsWorkWrote) {
  auto process = sandbox::start([](int pipe) { EXPECT_EQ(::write(pipe, "word", 4), 4); });
  while (process->read())
    continue;
  EXPECT_EQ(process->unread(), "word");
  EXPECT_EQ(process->finish(), std::nullopt);
}

TEST(Sandbox, TellsHowItFailed) {
  auto complaining = sandbox::start([](int) {
    std::fputs("what is wrong\nand more\n", stderr);
    ::abort();
  });
  EXPECT_EQ(complaining->finish(), "what is wrong");
  auto silent = sandbox::start([](int) { ::raise(SIGKILL); });
  EXPECT_EQ(silent->finish(), "the process ended with signal 9");
}

TEST(Sandbox, AnExceptionEndsItAndNobodyElse) {
  auto sibling = sandbox::start([](int pipe) {
    ::poll(nullptr, 0, 200);
    EXPECT_EQ(::write(pipe, "word", 4), 4);
  });
  auto process = sandbox::start([](int) { throw std::runtime_error{"too much"}; });
  EXPECT_EQ(process->finish(), "too much");
  while (sibling->read())
    continue;
  EXPECT_EQ(sibling->unread(), "word");
  EXPECT_EQ(sibling->finish(), std::nullopt);
}

TEST(Sandbox, WhatIsSentToTheGroupIsForItsParent) {
  auto process = sandbox::start([](int) {
    ::raise(SIGTERM);
    ::raise(SIGINT);
  });
  EXPECT_EQ(process->finish(), std::nullopt);
}

TEST(Sandbox, EndsWithItsParent) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto parent = ::fork();
  if (parent == 0) {
    const auto process = sandbox::start([](int) {
      while (true)
        ::pause();
    });
    std::_Exit(process ? 0 : 1); // without its destructor, as by SIGKILL
  }
  ::close(ends[1]);
  int status = -1;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_EQ(status, 0);
  // The last one that holds the other end is the child.
  pollfd ended{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 30'000), 1);
  ::close(ends[0]);
}

} // namespace
} // namespace kodama::apps
