#include "apps/whole_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

namespace kodama::apps {
namespace {

class WholeFile : public testing::Test {
protected:
  void SetUp() override {
    std::string where = testing::TempDir() + "whole_file_XXXXXX";
    ASSERT_NE(::mkdtemp(where.data()), nullptr);
    directory_ = where;
    path_ = where + "/file";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] unsigned mode() const {
    struct stat found {};
    EXPECT_EQ(::stat(path_.c_str(), &found), 0);
    return found.st_mode & 07777U;
  }

  std::string directory_, path_;
};

TEST_F(WholeFile, IsNoDirectory) {
  EXPECT_FALSE(read_whole(directory_));
}

TEST_F(WholeFile, IsReplacedAsAWhole) {
  EXPECT_FALSE(read_whole(path_));
  ASSERT_TRUE(write_whole(path_, "one"));
  ASSERT_TRUE(write_whole(path_, "another"));
  EXPECT_EQ(read_whole(path_), "another");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(WholeFile, ANewSecretIsItsOwnersAlone) {
  ASSERT_TRUE(write_secret(path_, "secret"));
  EXPECT_EQ(mode(), 0600U);
  EXPECT_EQ(read_whole(path_), "secret");
}

TEST_F(WholeFile, WhoMayReadASecretMayReadTheNextOne) {
  ASSERT_TRUE(write_whole(path_, "secret"));
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  ASSERT_TRUE(write_secret(path_, "another"));
  EXPECT_EQ(mode(), 0640U);
  EXPECT_EQ(read_whole(path_), "another");
}

TEST_F(WholeFile, ANewSecretIsToBeReadByWhomItsDirectoryIsFor) {
  ASSERT_EQ(::chmod(directory_.c_str(), 0750), 0);
  ASSERT_TRUE(write_secret(path_, "secret"));
  EXPECT_EQ(mode(), 0640U);
}

TEST_F(WholeFile, ADirectoryForEverybodyMakesNoSecretPublic) {
  for (const unsigned open : {0755U, 0770U, 0751U}) {
    ASSERT_EQ(::chmod(directory_.c_str(), open), 0);
    ASSERT_TRUE(write_secret(path_, "secret"));
    EXPECT_EQ(mode(), 0600U);
    std::filesystem::remove(path_);
  }
}

TEST_F(WholeFile, WhatFailsLeavesNothingBehind) {
  std::filesystem::create_directory(path_); // nothing can be renamed to that
  EXPECT_FALSE(write_secret(path_, "secret"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory_}, {}), 1);
}

TEST_F(WholeFile, ADirectoryThatIsNotThereIsAnError) {
  EXPECT_FALSE(write_secret(directory_ + "/none/file", "secret"));
  EXPECT_FALSE(can_write(directory_ + "/none/file"));
  EXPECT_TRUE(can_write(path_));
}

} // namespace
} // namespace kodama::apps
