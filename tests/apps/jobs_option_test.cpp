#include "apps/jobs_option.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace kodama::apps {
namespace {

/// How many, or why it is refused.
struct outcome {
  unsigned jobs = 0;
  std::string error;
};

outcome parse(const std::string& line) {
  outcome made;
  CLI::App app{"test"};
  add_jobs_option(app, made.jobs);
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    made.error = error.what();
  }
  return made;
}

TEST(JobsOption, IsOneForEachCoreWhenNotGiven) {
  EXPECT_GE(parse("").jobs, 1U);
}

TEST(JobsOption, IsFromOneToItsLimit) {
  EXPECT_EQ(parse("--jobs 1").jobs, 1U);
  EXPECT_EQ(parse("--jobs 1024").jobs, jobs_max);
  // 2^32 would be 0 as an unsigned, and 2^32 + 1 would be 1.
  for (const auto* wrong : {"0", "1025", "4294967296", "4294967297", "-1", "two"})
    EXPECT_EQ(parse(std::string{"--jobs "} + wrong).error,
              "--jobs: \"" + std::string{wrong} +
                  "\" is no number of processes; expected 1 to 1024");
}

TEST(JobsOption, SaysWhatHelpsWhereTheSystemRefuses) {
  const auto said = cannot_start(100, {EMFILE, boost::system::system_category()});
  EXPECT_NE(said.find("cannot run 100 processes at once (--jobs): "), std::string::npos) << said;
  EXPECT_NE(said.find("ulimit -n"), std::string::npos) << said;
}

} // namespace
} // namespace kodama::apps
