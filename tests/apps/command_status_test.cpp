#include "apps/standard_output.hpp"

#include "apps/sandbox.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace kodama::apps {
namespace {

/// What comes of it where standard output is that file: what is said on standard error.
std::optional<std::string> write_to(const char* file, std::size_t size) {
  auto process = sandbox::start([&](int) {
    if (std::freopen(file, "w", stdout) == nullptr)
      std::_Exit(1);
    std::fputs(std::string(size, 'x').c_str(), stdout);
    std::_Exit(after_output("sim", 0));
  });
  return process->finish();
}

TEST(StandardOutput, ThatIsFullIsAnError) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1} << 20U})
    EXPECT_EQ(write_to("/dev/full", size),
              "kodama: sim: cannot write to standard output: No space left on device");
}

TEST(StandardOutput, ThatTookEverythingChangesNothing) {
  EXPECT_EQ(write_to("/dev/null", 1), std::nullopt);
  EXPECT_EQ(after_output("sim", 1), 1);
}

} // namespace
} // namespace kodama::apps
