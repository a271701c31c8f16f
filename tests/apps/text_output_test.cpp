#include "apps/text_output.hpp"

#include "apps/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace kodama::apps {
namespace {

constexpr std::size_t text_size = 1'000'000; // far more than a pipe holds

/// Writes all of it into a pipe that has these flags. Exits with 0 when everything has left.
auto write_into(const std::array<int, 2>& pipe, bool after_a_signal) {
  return sandbox::start([&](int) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    boost::asio::io_context context;
    end_signals signals{context};
    text_output output{context, signals, [](const auto&) {}};
    output.buffer().assign(text_size, 'x');
    if (after_a_signal)
      ::raise(SIGTERM);
    output.flush();
    std::_Exit(output.closed() ? 3 : 0);
  });
}

std::size_t read_all(int pipe) {
  std::array<char, 65'536> piece{};
  std::size_t sum = 0;
  for (ssize_t size = 0; (size = ::read(pipe, piece.data(), piece.size())) > 0;)
    sum += static_cast<std::size_t>(size);
  return sum;
}

TEST(TextOutput, WaitsForAReaderHoweverThePipeIsOpen) {
  for (const bool blocking : {true, false}) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    if (!blocking)
      ::fcntl(pipe[1], F_SETFL, O_NONBLOCK);
    auto process = write_into(pipe, false);
    ::close(pipe[1]);
    EXPECT_EQ(read_all(pipe[0]), text_size);
    EXPECT_EQ(process->finish(), std::nullopt);
    ::close(pipe[0]);
  }
}

TEST(TextOutput, WaitsForNobodyAfterASignal) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  auto process = write_into(pipe, true);
  ::close(pipe[1]);
  EXPECT_NE(process->finish(), std::nullopt); // which nobody has read from yet
  const auto came = read_all(pipe[0]);
  EXPECT_GT(came, 0U);
  EXPECT_LT(came, text_size);
  ::close(pipe[0]);
}

} // namespace
} // namespace kodama::apps
