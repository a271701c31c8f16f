#include "apps/command_status.hpp"

#include "apps/sandbox.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace kodama::apps {
namespace {

/// What is said on standard error where the status becomes 2, of a process of its own.
std::string complaint(const std::function<int()>& work) {
  auto process = sandbox::start([&](int) { std::_Exit(status_of("sim", work) == 2 ? 1 : 0); });
  return process->finish().value_or("");
}

std::string complaint_into(const char* file, std::size_t size) {
  return complaint([&] {
    if (std::freopen(file, "w", stdout) == nullptr)
      return 3;
    std::fputs(std::string(size, 'x').c_str(), stdout);
    return 0;
  });
}

TEST(CommandStatus, IsThatOfItsWork) {
  for (const int status : {0, 1, 2})
    EXPECT_EQ(status_of("sim", [&] { return status; }), status);
}

TEST(CommandStatus, IsAnotherWhereStandardOutputIsFull) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1} << 20U})
    EXPECT_EQ(complaint_into("/dev/full", size),
              "kodama: sim: cannot write to standard output: No space left on device");
  EXPECT_EQ(complaint_into("/dev/null", 1), "");
}

TEST(CommandStatus, IsNoAnswerWhereMemoryRunsOut) {
  EXPECT_EQ(complaint([]() -> int { throw std::bad_alloc{}; }), "kodama: sim: not enough memory");
  EXPECT_EQ(complaint([]() -> int { throw std::runtime_error{"what else"}; }),
            "kodama: sim: what else");
}

} // namespace
} // namespace kodama::apps
