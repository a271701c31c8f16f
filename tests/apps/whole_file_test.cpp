#include "apps/whole_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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
  EXPECT_EQ(cannot_read(directory_), directory_ + ": cannot be read: Is a directory");
}

TEST_F(WholeFile, HasAnEnd) {
  EXPECT_FALSE(read_whole("/dev/zero"));
  EXPECT_EQ(cannot_read("/dev/zero"), "/dev/zero: cannot be read: it is larger than 64 MiB");
}

TEST_F(WholeFile, MayHoldAsMuchAsItSays) {
  ASSERT_TRUE(write_whole(path_, std::string(whole_file_max, 'x')));
  EXPECT_EQ(read_whole(path_)->size(), whole_file_max);
  ASSERT_TRUE(write_whole(path_, std::string(whole_file_max + 1, 'x')));
  EXPECT_FALSE(read_whole(path_));
}

TEST_F(WholeFile, IsReplacedAsAWhole) {
  EXPECT_FALSE(read_whole(path_));
  ASSERT_TRUE(write_whole(path_, "one"));
  ASSERT_TRUE(write_whole(path_, "another"));
  EXPECT_EQ(read_whole(path_), "another");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(WholeFile, StaysBehindItsLink) {
  const auto link = directory_ + "/link";
  std::filesystem::create_symlink("file", link); // from where the link is, and not there yet
  for (const auto* content : {"one", "another"}) {
    ASSERT_TRUE(can_write(link));
    ASSERT_TRUE(write_whole(link, content));
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(read_whole(path_), content);
  }
  ASSERT_TRUE(write_secret(link, "secret"));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read_whole(path_), "secret");
}

TEST_F(WholeFile, ALinkThatLeadsToItselfIsAnError) {
  std::filesystem::create_symlink("file", path_);
  EXPECT_FALSE(can_write(path_));
  EXPECT_FALSE(write_whole(path_, "one"));
  EXPECT_EQ(errno, ELOOP);
}

TEST_F(WholeFile, WhatIsNoFileIsWrittenTo) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(can_write(path_)); // though nobody reads yet: no waiting for that
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  EXPECT_TRUE(can_write(path_));
  char read[16];
  pollfd ended{reader, POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 0), 0); // and does not find its end
  EXPECT_TRUE(write_whole(path_, "one"));
  EXPECT_EQ(::read(reader, read, sizeof read), 3);
  ::close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(path_));
  EXPECT_TRUE(write_whole("/dev/null", "one"));
  EXPECT_FALSE(write_whole("/dev/full", "one"));
  EXPECT_EQ(errno, ENOSPC);
}

TEST_F(WholeFile, ADirectoryIsNoPlaceForContent) {
  EXPECT_FALSE(can_write(directory_));
  EXPECT_EQ(errno, EISDIR);
  EXPECT_FALSE(write_whole(directory_, "one"));
  EXPECT_EQ(errno, EISDIR);
}

TEST_F(WholeFile, AFullDiskLeavesTheOldContentAndNothingElse) {
  ASSERT_TRUE(write_whole(path_, "old"));
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit few{4, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &few);
  const bool written = write_whole(path_, "another");
  const int why = errno;
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_FALSE(written);
  EXPECT_EQ(why, EFBIG);
  EXPECT_EQ(read_whole(path_), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory_}, {}), 1);
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

TEST_F(WholeFile, ASecretTakesThePlaceOfNothingButAFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const auto link = directory_ + "/link";
  std::filesystem::create_symlink("file", link);
  for (const auto& pipe : {path_, link}) {
    EXPECT_TRUE(is_special(pipe));
    EXPECT_FALSE(write_secret(pipe, "secret"));
    EXPECT_EQ(errno, EINVAL);
    EXPECT_TRUE(std::filesystem::is_fifo(path_));
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory_}, {}), 2);
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
  EXPECT_TRUE(std::filesystem::is_empty(directory_)); // which was tried, and left as it was
  EXPECT_FALSE(can_make_beside(directory_ + "/none/file"));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_TRUE(can_make_beside(path_));
}

} // namespace
} // namespace kodama::apps
