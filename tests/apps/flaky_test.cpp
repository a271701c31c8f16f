#include "apps/commands.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kodama::apps {
namespace {

// What parsing this command line says, or "" when it would run.
std::string complaint(std::string line) {
  CLI::App app;
  int exit_code = 0;
  add_flaky(app, exit_code);
  // The last word is refused in any case, so that nothing is started.
  try {
    app.parse("flaky " + line + " --no-such-option");
  } catch (const CLI::ExtrasError&) {
    return "";
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "started";
}

const std::string ends = "--listen 127.0.0.1:0 --to [::1]:7400 ";

TEST(FlakyCommand, TakesEveryDocumentedOption) {
  EXPECT_EQ(complaint(ends + "--seed 7 --duration 1m --delay 1ms --jitter 1ms --bandwidth 1MB/s "
                             "--cut-every 200ms --half-open 10% --half-open-for 5s --stall 0.05 "
                             "--stall-for 1s --segment 1KiB --lose 5% --duplicate 1% --reorder 5% "
                             "--reorder-for 5ms --mtu 1200 --rebind-every 1s --block-udp"),
            "");
}

TEST(FlakyCommand, NamesTheOptionTheValueAndWhatItExpects) {
  EXPECT_EQ(complaint(ends + "--lose 5x"),
            "--lose: \"5x\" is not a share; expected a percentage or "
            "a fraction, such as 5% or 0.05");
  EXPECT_EQ(complaint(ends + "--seed x"),
            "--seed: \"x\" is not a number; expected 0 to 18446744073709551615");
}

TEST(FlakyCommand, NeedsBothEndsAndARealPortToConnectTo) {
  EXPECT_EQ(complaint("--to 127.0.0.1:7400"), "--listen is required");
  EXPECT_EQ(complaint("--listen 127.0.0.1:0"), "--to is required");
  EXPECT_EQ(complaint("--listen 127.0.0.1:0 --to localhost:0"),
            "--to: \"localhost:0\" names no port; expected one from 1 to 65535");
  EXPECT_EQ(complaint(ends + "--half-open 10%"), "--half-open requires --cut-every");
}

TEST(FlakyCommand, ShowsAnExampleInItsHelp) {
  CLI::App app;
  int exit_code = 0;
  add_flaky(app, exit_code);
  EXPECT_NE(app.get_subcommand("flaky")->help().find("kodama flaky --listen"), std::string::npos);
}

} // namespace
} // namespace kodama::apps
