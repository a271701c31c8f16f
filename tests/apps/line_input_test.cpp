#include "apps/line_input.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace kodama::apps {
namespace {

/// Everything that is read from the descriptor, which it closes.
std::vector<std::string> read_all(int descriptor) {
  boost::asio::io_context context;
  std::vector<std::string> lines;
  line_input input{context, descriptor};
  ::close(descriptor);
  const std::function<void()> go_on = [&] {
    for (; const auto line = input.first(); input.drop_first())
      lines.emplace_back(*line);
    if (!input.at_end())
      input.read_more(go_on);
  };
  go_on();
  context.run();
  return lines;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin != text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = std::min(end + 1, text.size());
  }
  return lines;
}

std::string text_of(const std::vector<std::uint8_t>& shape) {
  std::string text; // lines of many lengths, also longer than one read
  for (const auto each : shape)
    text +=
        each % 3 == 0 ? "\n" : std::string(each * each * 2U, static_cast<char>('a' + each % 26));
  return text;
}

RC_GTEST_PROP(LineInput, ReadsTheLinesOfAFile, (const std::vector<std::uint8_t>& shape)) {
  const auto text = text_of(shape);
  const int file = ::memfd_create("lines", 0);
  RC_ASSERT(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::lseek(file, 0, SEEK_SET);
  RC_ASSERT(read_all(file) == split(text));
}

RC_GTEST_PROP(LineInput, ReadsTheLinesOfAPipe, (const std::vector<std::uint8_t>& shape)) {
  const auto text = text_of(shape).substr(0, 60'000); // what a pipe holds
  int ends[2];
  RC_ASSERT(::pipe(ends) == 0);
  RC_ASSERT(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  RC_ASSERT(read_all(ends[0]) == split(text));
}

TEST(LineInput, LeavesTheFlagsOfAPipeAsTheyWere) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int kept = ::dup(ends[0]);
  ::close(ends[1]);
  EXPECT_TRUE(read_all(ends[0]).empty());
  EXPECT_EQ(::fcntl(kept, F_GETFL) & O_NONBLOCK, 0);
  ::close(kept);
}

TEST(LineInput, HasNoPartOfALineThatIsTooLong) {
  const auto text = "one\n" + std::string(line_input::line_size_max + 100'000, 'x') + "\ntwo\n";
  const int file = ::memfd_create("lines", 0);
  ASSERT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::lseek(file, 0, SEEK_SET);
  EXPECT_EQ(read_all(file), std::vector<std::string>{"one"});
}

TEST(LineInput, DevNullEndsAtOnce) {
  EXPECT_TRUE(read_all(::open("/dev/null", O_RDONLY)).empty());
}

} // namespace
} // namespace kodama::apps
