#include "client/name_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace kodama {
namespace {

using namespace std::chrono_literals;

class NameLookup : public ::testing::Test {
protected:
  name_lookup::answer tell() {
    return [this](boost::system::error_code error, name_lookup::endpoints addresses) {
      told = error;
      found = std::move(addresses);
    };
  }
  /// A lookup alone keeps no run() from returning.
  void run_until_told() {
    for (int i = 0; i != 1'000 && !told; ++i) {
      boost::asio::steady_timer pause{network, 10ms};
      pause.async_wait([](auto) {});
      network.restart();
      network.run();
    }
  }

  boost::asio::io_context network;
  std::optional<boost::system::error_code> told;
  name_lookup::endpoints found;
};

TEST_F(NameLookup, FindsAddressAndPort) {
  name_lookup lookup{network, {"127.0.0.1", "7400"}};
  lookup.start(tell());
  EXPECT_FALSE(told);
  run_until_told();
  ASSERT_TRUE(told);
  EXPECT_FALSE(*told) << told->message();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].address().to_string(), "127.0.0.1");
  EXPECT_EQ(found[0].port(), 7400);
}

TEST_F(NameLookup, SaysWhatIsWrongAndMayBeStartedAgain) {
  name_lookup lookup{network, {"127.0.0.1", "no such service"}};
  for (int i = 0; i != 2; ++i) {
    told.reset();
    lookup.start(tell());
    run_until_told();
    EXPECT_EQ(told, boost::asio::error::service_not_found);
  }
}

TEST_F(NameLookup, TellsWhoeverAskedLast) {
  name_lookup lookup{network, {"::1", "7400"}};
  lookup.start([](auto, const auto&) { ADD_FAILURE(); });
  lookup.cancel();
  lookup.start(tell());
  run_until_told();
  ASSERT_TRUE(told);
  EXPECT_EQ(found.size(), 1u);
}

TEST_F(NameLookup, TellsNobodyOnceItIsGone) {
  for (int i = 0; i != 100; ++i) {
    name_lookup lookup{network, {"127.0.0.1", "7400"}};
    lookup.start(tell());
  }
  network.run_for(50ms);
  EXPECT_FALSE(told);
}

} // namespace
} // namespace kodama
