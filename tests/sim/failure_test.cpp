#include "sim/failure.hpp"

#include <gtest/gtest.h>

namespace kodama::sim {
namespace {

TEST(Failure, HasOneShapeWhateverItsNumbersAndNames) {
  const failure one{"exactly-once",
                    "user 3 (session 1/7) received message 0#14 twice: as 5 of \"topic/2\""};
  const failure two{"exactly-once",
                    "user 12 (no session) received message 11#1 twice: as 1 of \"topic/0\""};
  EXPECT_EQ(one.shape(), "exactly-once: user N received message N twice: as N of T");
  EXPECT_EQ(one.shape(), two.shape());
}

TEST(Failure, HasOneShapeHoweverLongItsLists) {
  EXPECT_EQ(abstracted("unconfirmed are 0#1, 0#2, 0#3, but open are 0#1: so"),
            abstracted("unconfirmed are 2#11, but open are 4#5, 4#6: so"));
}

TEST(Failure, DiffersInPromiseAndInWhatIsSaid) {
  EXPECT_NE((failure{"liveness", "user 1 is late"}.shape()),
            (failure{"one-owner", "user 1 is late"}.shape()));
  EXPECT_NE(abstracted("user 1 is late"), abstracted("user 1 is early"));
  EXPECT_NE(abstracted("assertion failed: a (protocol/a.cpp:1)"),
            abstracted("assertion failed: a (protocol/b.cpp:1)"));
}

TEST(Failure, SurvivesAnOpenQuote) {
  EXPECT_EQ(abstracted("a \" b 1"), "a \" b N");
  EXPECT_EQ(abstracted(""), "");
}

} // namespace
} // namespace kodama::sim
