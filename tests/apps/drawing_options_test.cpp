#include "apps/drawing_options.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kodama::apps {
namespace {

/// What the command line says, or why it is refused.
struct outcome {
  sim::drawing drawn;
  std::string error;
};

outcome parse(const std::string& line) {
  outcome made;
  CLI::App app{"test"};
  add_drawing_options(app, made.drawn);
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    made.error = error.what();
  }
  return made;
}

TEST(DrawingOptions, AreAsDrawnWhenNoneIsGiven) {
  EXPECT_EQ(parse("").drawn, sim::drawing{});
  EXPECT_EQ(flags_of({}), "");
  EXPECT_EQ(words_of({}), "");
}

TEST(DrawingOptions, AreReadBackFromTheirFlags) {
  for (const auto* line :
       {" --profile lossy", " --schedule uniform", " --schedule priorities", " --without tcp_reset",
        " --without latency,udp_loss", " --only-fault client_flood",
        " --profile mobile --schedule priorities --only-fault tcp_reset,udp_forgery"}) {
    const auto read = parse(line);
    EXPECT_EQ(read.error, "") << line;
    EXPECT_EQ(flags_of(read.drawn), line);
  }
}

TEST(DrawingOptions, OnlyTakesOutAllOthers) {
  const auto only = parse("--only-fault udp_loss").drawn.without;
  EXPECT_EQ(only.count(), sim::fault_kind_count - 1);
  EXPECT_EQ(only, ~parse("--without udp_loss").drawn.without);
}

TEST(DrawingOptions, AreToldInProse) {
  EXPECT_EQ(words_of(parse("--profile lossy --without udp_mtu,udp_loss").drawn),
            ", profile lossy, without udp_loss, udp_mtu");
  EXPECT_EQ(words_of(parse("--profile lossy --schedule uniform").drawn, false),
            ", schedule uniform");
  EXPECT_EQ(words_of(parse("--only-fault udp_loss").drawn), ", only udp_loss");
}

TEST(DrawingOptions, AreToldInTheNameOfAFile) {
  EXPECT_EQ(name_of({}), "");
  EXPECT_EQ(name_of(parse("--profile lossy --schedule uniform").drawn), "lossy-uniform-");
  EXPECT_EQ(name_of(parse("--without jitter").drawn), "without-jitter-");
  EXPECT_EQ(name_of(parse("--only-fault udp_loss,jitter").drawn), "only-jitter+udp_loss-");
  sim::drawing nothing;
  nothing.without.set();
  EXPECT_EQ(name_of(nothing), "without-all-");
}

TEST(DrawingOptions, HaveShortNamesThatTellManyKindsApart) {
  const auto one = name_of(parse("--without jitter,latency,udp_loss").drawn);
  const auto two = name_of(parse("--without jitter,latency,udp_mtu").drawn);
  EXPECT_EQ(one.find("without-3-kinds-"), 0U) << one;
  EXPECT_LT(one.size(), 32U) << one;
  EXPECT_NE(one, two);
}

TEST(DrawingOptions, NamesWhatThereIsWhenANameIsWrong) {
  for (const auto* option : {"--without", "--only-fault"}) {
    const auto error = parse(std::string{option} + " udp_loss,udp_los").error;
    EXPECT_EQ(error.find(std::string{option} + ": \"udp_los\" is no kind of fault; expected of "),
              0u)
        << error;
    for (std::size_t i = 0; i != sim::fault_kind_count; ++i)
      EXPECT_NE(error.find(to_string(static_cast<sim::fault_kind>(i))), std::string::npos);
  }
  EXPECT_NE(parse("--schedule pct").error.find("expected uniform or priorities"),
            std::string::npos);
  EXPECT_NE(parse("--profile wild").error.find("expected none, lossy"), std::string::npos);
}

TEST(DrawingOptions, RefusesToTakeOutAndToLeaveAtOnce) {
  EXPECT_NE(parse("--without udp_loss --only-fault tcp_reset").error, "");
}

} // namespace
} // namespace kodama::apps
