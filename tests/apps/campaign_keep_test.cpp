#include "apps/campaign_report.hpp"
#include "apps/whole_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <iterator>

namespace kodama::apps {
namespace {

class CampaignKeep : public testing::Test {
protected:
  void SetUp() override {
    std::string where = testing::TempDir() + "campaign_keep_XXXXXX";
    ASSERT_NE(::mkdtemp(where.data()), nullptr);
    directory_ = where;
    options_.directory = where + "/kept";
    options_.shrink = false;
    report_.state.found.seeds = 100;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static auto files_in(const std::string& directory) {
    return std::distance(std::filesystem::directory_iterator{directory}, {});
  }

  std::string directory_;
  keep_options options_;
  campaign_report report_;
};

TEST_F(CampaignKeep, MakesItsDirectoriesBeforeThereIsAnythingToKeep) {
  options_.test = directory_ + "/tests/sim/";
  EXPECT_EQ(prepare_to_keep(options_), std::nullopt);
  EXPECT_TRUE(std::filesystem::is_empty(options_.directory));
  EXPECT_TRUE(std::filesystem::is_empty(options_.test));
}

TEST_F(CampaignKeep, SaysBeforehandWhereNothingCanBeWritten) {
  ASSERT_TRUE(write_whole(directory_ + "/file", ""));
  options_.directory = directory_ + "/file";
  EXPECT_EQ(prepare_to_keep(options_),
            "cannot make the directory " + options_.directory + ": Not a directory");
  options_.directory.clear();
  options_.test = directory_ + "/none/x_test.cpp";
  EXPECT_EQ(prepare_to_keep(options_),
            "cannot write " + options_.test + ": No such file or directory");
}

TEST_F(CampaignKeep, NamesTheFilesThatWereWritten) {
  report_.state.found.add_failure({7, {"liveness", "user 1 is late"}});
  ASSERT_EQ(prepare_to_keep(options_), std::nullopt);
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  const auto path = options_.directory + "/liveness-7.scenario";
  EXPECT_TRUE(std::filesystem::exists(path));
  ASSERT_EQ(report_.files.size(), 1U);
  EXPECT_EQ(report_.files.begin()->second.scenario, path);
}

TEST_F(CampaignKeep, NamesNoFileThatWasNotWritten) {
  report_.state.found.add_failure({7, {"liveness", "user 1 is late"}});
  EXPECT_NE(keep_findings(options_, report_), std::nullopt); // nobody made the directory
  EXPECT_TRUE(report_.files.begin()->second.none());
}

TEST_F(CampaignKeep, HasOneNameForEachWorld) {
  report_.state.found.add_failure({7, {"liveness", "user 1 is late"}});
  ASSERT_EQ(prepare_to_keep(options_), std::nullopt);
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  report_.options.drawn.without.set(0);
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  report_.options.drawn.schedule = sim::schedule_kind::priorities;
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  EXPECT_EQ(files_in(options_.directory), 3);
}

/// Findings in so many ways, and each shrinks to what it is.
class CampaignShrinks : public CampaignKeep {
protected:
  void SetUp() override {
    CampaignKeep::SetUp();
    options_.shrink = true;
    options_.shrink_one = [this](const sim::scenario& what, const shrink_options&) {
      ++shrunk_;
      return std::optional{shrink_outcome{{"liveness", "late"}, what, 1, {}, true}};
    };
    for (std::uint64_t i = 0; i != 13; ++i)
      report_.state.found.add_failure({i, {"liveness", "late in way " + std::string(i, 'x')}});
  }

  int shrunk_ = 0;
};

TEST_F(CampaignShrinks, TheFirstTenKinds) {
  ASSERT_EQ(prepare_to_keep(options_), std::nullopt);
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  EXPECT_EQ(shrunk_, 10);
  EXPECT_EQ(files_in(options_.directory), 13 + 10);
}

TEST_F(CampaignShrinks, NoFurtherThanItsOneTest) {
  options_.directory.clear();
  options_.test = directory_ + "/small_test.cpp";
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  EXPECT_EQ(shrunk_, 1);
  EXPECT_TRUE(std::filesystem::exists(options_.test));
}

TEST_F(CampaignShrinks, ForATestEach) {
  options_.directory.clear();
  options_.test = directory_ + "/tests/";
  ASSERT_EQ(prepare_to_keep(options_), std::nullopt);
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  EXPECT_EQ(files_in(options_.test), 10);
}

TEST_F(CampaignShrinks, TheNextOneWhereTheFirstDoesNotFailAgain) {
  options_.directory.clear();
  options_.test = directory_ + "/small_test.cpp";
  options_.shrink_one = [this](const sim::scenario& what, const shrink_options&) {
    return ++shrunk_ == 1 ? std::nullopt
                          : std::optional{shrink_outcome{{"liveness", "late"}, what, 1, {}, true}};
  };
  EXPECT_EQ(keep_findings(options_, report_), std::nullopt);
  EXPECT_EQ(shrunk_, 2);
  EXPECT_TRUE(std::filesystem::exists(options_.test));
}

} // namespace
} // namespace kodama::apps
