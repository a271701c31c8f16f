#include "client/waiting_pings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kodama {
namespace {

using namespace std::chrono_literals;

class WaitingPings : public ::testing::Test {
protected:
  waiting_pings::answer tell(std::string who) {
    return [this, who](const result<duration>& round_trip) {
      told.push_back(
          who + " " +
          (round_trip ? std::to_string(*round_trip / 1ms) : round_trip.error().message()));
    };
  }

  waiting_pings waiting;
  std::vector<std::string> told;
};

using lines = std::vector<std::string>;

TEST_F(WaitingPings, AreAnsweredByOnePong) {
  waiting.add(tell("ann"), {});
  waiting.add(tell("ben"), {});
  waiting.answer_ready(7);
  EXPECT_EQ(told, lines{});
  waiting.handle_pong(5ms);
  waiting.answer_ready(7);
  waiting.handle_pong(6ms);
  waiting.answer_ready(7);
  EXPECT_EQ(told, (lines{"ann 5", "ben 5"}));
}

TEST_F(WaitingPings, WaitForAProbeThatWentAfterTheirDatagrams) {
  waiting.add(tell("ann"), 7);
  waiting.handle_pong(5ms);
  waiting.answer_ready(7);
  EXPECT_EQ(told, lines{});
  waiting.answer_ready(8);
  EXPECT_EQ(told, lines{"ann 5"});
}

TEST_F(WaitingPings, AreNotHeldUpByThoseThatAskedLater) {
  waiting.add(tell("ann"), 7);
  waiting.handle_pong(5ms);
  waiting.add(tell("ben"), 8);
  waiting.answer_ready(8);
  EXPECT_EQ(told, lines{"ann 5"});
  waiting.answer_ready(9);
  EXPECT_EQ(told, lines{"ann 5"}) << "no PONG yet";
  waiting.handle_pong(6ms);
  waiting.answer_ready(9);
  EXPECT_EQ(told, (lines{"ann 5", "ben 6"}));
}

TEST_F(WaitingPings, WaitForNoProbeWhereThereIsNoRoute) {
  waiting.add(tell("ann"), 7);
  waiting.handle_pong(5ms);
  waiting.answer_ready({});
  EXPECT_EQ(told, lines{"ann 5"});
}

TEST_F(WaitingPings, FailTogether) {
  waiting.add(tell("ann"), 7);
  waiting.add(tell("ben"), {});
  waiting.fail(errc::connection_lost);
  waiting.fail(errc::connection_lost);
  EXPECT_EQ(told, (lines{"ann connection_lost", "ben connection_lost"}));
}

TEST_F(WaitingPings, NeedNotBe) {
  waiting.add({}, {});
  waiting.handle_pong(5ms);
  waiting.answer_ready({});
  waiting.fail(errc::connection_lost);
}

TEST_F(WaitingPings, MayAskAgain) {
  waiting.add([this](const auto&) { waiting.add(tell("again"), {}); }, {});
  waiting.handle_pong(5ms);
  waiting.answer_ready({});
  EXPECT_EQ(told, lines{});
  waiting.handle_pong(6ms);
  waiting.answer_ready({});
  EXPECT_EQ(told, lines{"again 6"});
}

} // namespace
} // namespace kodama
