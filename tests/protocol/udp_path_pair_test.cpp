#include "protocol/udp_path.hpp"

#include "tests/protocol/udp_path_pair.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace kodama {
namespace {

using namespace kodama::testing;

constexpr udp_path::options defaults() {
  return {};
}

const address elsewhere = make_address(9, 999);

bool at_full_size(const udp_path& path) {
  return path.current_route() && path.current_route()->datagram_size_max == 1452;
}

/// Both ends proven, the search for sizes done, some time spent at rest.
struct settled_pair : path_pair {
  explicit settled_pair(std::uint64_t seed = 1)
      : path_pair{{}, seed} {
    start();
    run_for(20s);
    EXPECT_TRUE(both_up());
  }
};

// Coming up.

TEST(UdpPathPair, ComesUpAtBothEndsWithinTwoRoundTrips) {
  path_pair pair;
  pair.start();
  EXPECT_TRUE(pair.both_down());
  EXPECT_TRUE(pair.run_until([&] { return pair.both_up(); }, 80ms));
  EXPECT_EQ(pair.client.current_route()->to, path_pair::server_address());
}

TEST(UdpPathPair, FindsTheLargestSizeThatPasses) {
  path_pair wide;
  wide.start();
  wide.run_for(1s);
  EXPECT_TRUE(at_full_size(wide.client));
  EXPECT_TRUE(at_full_size(wide.server));

  path_pair narrow;
  narrow.network.mtu = 1420;
  narrow.start();
  narrow.run_for(1s);
  EXPECT_EQ(narrow.client.current_route()->datagram_size_max, 1400U);
  EXPECT_EQ(narrow.server.current_route()->datagram_size_max, 1400U);
}

TEST(UdpPathPair, DoesNotCountWhereEvenTheFirstSizeDoesNotPass) {
  path_pair pair;
  pair.network.mtu = 1199;
  pair.start();
  pair.run_for(5min);
  EXPECT_TRUE(pair.both_down());
}

TEST(UdpPathPair, TriesAFailedLargerSizeAgainAfterTheRaiseInterval) {
  path_pair pair;
  pair.network.mtu = 1300;
  pair.start();
  pair.run_for(1min);
  pair.network.mtu = 1500;
  pair.run_for(5min);
  EXPECT_EQ(pair.client.current_route()->datagram_size_max, 1200U);
  pair.run_for(defaults().raise_interval);
  EXPECT_TRUE(at_full_size(pair.client));
  EXPECT_TRUE(at_full_size(pair.server));
}

TEST(UdpPathPair, ComesUpWhereTheRoundTripIsLongerThanTheFirstTimeout) {
  path_pair pair;
  pair.network.delay = 700ms;
  pair.start();
  EXPECT_TRUE(pair.run_until([&] { return pair.both_up(); }, 8s));
}

TEST(UdpPathPair, ComesBackAfterTheRoundTripGrewPastItsTimeouts) {
  path_pair pair;
  pair.network.delay = 2ms;
  pair.start();
  pair.run_for(2min);
  pair.network.delay = 450ms;
  ASSERT_TRUE(pair.run_until([&] { return !pair.both_up(); }, 30s));
  pair.run_for(30s);
  EXPECT_FALSE(pair.run_until([&] { return !pair.both_up(); }, 5min));
}

// Blocked.

TEST(UdpPathPair, NeverHasARouteWhereItIsBlockedFromTheStart) {
  path_pair pair;
  pair.network.to_server_blocked = true;
  pair.start();
  EXPECT_FALSE(pair.run_until([&] { return !pair.both_down(); }, 1h));
}

TEST(UdpPathPair, RetriesWithPausesThatDoubleUpToTheMaximum) {
  path_pair pair;
  pair.network.to_client_blocked = true;
  pair.start();
  pair.run_for(10min);
  std::vector<duration> pauses;
  for (std::size_t i = 3; i < pair.client_probes.size(); i += 3) {
    // Three attempts make a round: 300 ms, 600 ms and 1,200 ms for their answers.
    EXPECT_EQ(pair.client_probes[i - 2].at - pair.client_probes[i - 3].at, 300ms);
    EXPECT_EQ(pair.client_probes[i - 1].at - pair.client_probes[i - 2].at, 600ms);
    pauses.push_back(pair.client_probes[i].at - pair.client_probes[i - 1].at - 1200ms);
  }
  ASSERT_GE(pauses.size(), 8U);
  pauses.resize(8);
  EXPECT_EQ(pauses, (std::vector<duration>{2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}));
}

TEST(UdpPathPair, StartsAgainWithTheFirstPauseAfterEachSuccess) {
  path_pair pair;
  pair.network.to_client_blocked = true;
  pair.start();
  pair.run_for(10min);
  pair.network = {};
  ASSERT_TRUE(pair.run_until([&] { return pair.both_up(); }, defaults().retry_max + 5s));
  pair.run_for(1s);
  pair.network.to_client_blocked = true;
  ASSERT_TRUE(pair.run_until([&] { return !pair.client.current_route(); }, 1min));
  EXPECT_EQ(pair.client.poll_timeout() - pair.now, defaults().retry_first);
}

struct blockade {
  bool to_server;
  bool to_client;
};
class UdpPathPairBlocked : public ::testing::TestWithParam<blockade> {};

// A path that works in one direction only is none: no answer comes back, whoever asks.
TEST_P(UdpPathPairBlocked, LosesBothRoutesWithinTheStatedBoundAndComesBack) {
  for (std::uint64_t seed = 1; seed != 20; ++seed) {
    settled_pair pair{seed};
    pair.network.to_server_blocked = GetParam().to_server;
    pair.network.to_client_blocked = GetParam().to_client;
    pair.run_for(400ms); // what was under way may still arrive, and one lost probe proves nothing
    EXPECT_TRUE(pair.both_up());
    EXPECT_TRUE(
        pair.run_until([&] { return pair.both_down(); }, udp_path::detection_max(defaults())));
    EXPECT_FALSE(pair.run_until([&] { return !pair.both_down(); }, 5min));

    pair.network = {};
    EXPECT_TRUE(pair.run_until([&] { return pair.both_up(); }, defaults().retry_max + 5s));
  }
}

INSTANTIATE_TEST_SUITE_P(Directions, UdpPathPairBlocked,
                         ::testing::Values(blockade{true, true}, blockade{true, false},
                                           blockade{false, true}));

TEST(UdpPathPair, SurvivesTheLossOfSingleProbes) {
  settled_pair pair;
  pair.network.loss_percent = 5;
  EXPECT_FALSE(pair.run_until([&] { return !pair.both_up(); }, 10min));
  EXPECT_GT(pair.client.stats().probes_sent, pair.client.stats().probes_answered);
}

TEST(UdpPathPair, GoesOnWithTheFirstSizeThroughAnMtuBlackHole) {
  settled_pair pair;
  pair.network.mtu = 1300;
  const auto shrunk = [&] {
    const auto small = [](const udp_path& path) {
      return path.current_route()->datagram_size_max == 1200;
    };
    return !pair.both_up() || (small(pair.client) && small(pair.server));
  };
  EXPECT_TRUE(pair.run_until(shrunk, udp_path::detection_max(defaults())));
  EXPECT_FALSE(pair.run_until([&] { return !pair.both_up(); }, 5min)) << "the route was never gone";
}

TEST(UdpPathPair, DoesNotTryAgainTheSizeThatABlackHoleSwallows) {
  settled_pair pair;
  pair.network.mtu = 1420;
  const auto medium = [&] {
    return pair.client.current_route() && pair.client.current_route()->datagram_size_max == 1400;
  };
  ASSERT_TRUE(pair.run_until(medium, udp_path::detection_max(defaults())));
  pair.client_probes.clear();
  pair.run_for(5min);
  for (const auto& probe : pair.client_probes)
    EXPECT_EQ(probe.size, 1400U);
  EXPECT_TRUE(pair.both_up());
}

// The client moves.

TEST(UdpPathPair, ProvesTheNewAddressAfterARebinding) {
  settled_pair pair;
  const auto before = pair.client_address;
  pair.client_address.port += 1;
  const auto after = pair.client_address;
  const auto gone = [&] { return !pair.server.current_route().has_value(); };
  ASSERT_TRUE(pair.run_until(gone, 6s)) << "at the first datagram from there";
  const auto probes = pair.server_probes.size();
  ASSERT_TRUE(pair.run_until([&] { return pair.both_up(); }, 40ms)) << "one round trip later";
  EXPECT_EQ(pair.server.current_route()->to, after);
  EXPECT_EQ(pair.server.current_route()->datagram_size_max, 1200U) << "from the beginning";
  for (auto i = probes; i < pair.server_probes.size(); ++i)
    EXPECT_NE(pair.server_probes[i].to, before);
}

TEST(UdpPathPair, ProvesAnAddressAgainWhenTheClientReturnsToIt) {
  settled_pair pair;
  const auto home = pair.client_address;
  pair.client_address = elsewhere;
  pair.send_data(1200);
  ASSERT_TRUE(pair.run_until([&] { return pair.both_up(); }, 1s));
  pair.client_address = home;
  pair.send_data(1200);
  const auto gone = [&] { return !pair.server.current_route().has_value(); };
  ASSERT_TRUE(pair.run_until(gone, 20ms));
  ASSERT_TRUE(pair.run_until([&] { return pair.both_up(); }, 40ms));
  EXPECT_EQ(pair.server.current_route()->to, home);
}

// Any network.

struct fault {
  network_conditions network;
  duration span;
  bool rebind;
  std::size_t data; // bytes sent by the client at its start; 0: none
};

rc::Gen<fault> arbitrary_fault() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(5, 900), rc::gen::inRange(0, 300),
                                     rc::gen::element(0, 0, 10, 50, 90),
                                     rc::gen::element(100, 1210, 1420, 9000),
                                     rc::gen::inRange(0, 4), rc::gen::inRange(1, 30'000),
                                     rc::gen::element(0, 0, 40, 300, 1200)),
                      [](const auto& drawn) {
                        const auto [delay, jitter, loss, mtu, block, span, data] = drawn;
                        fault out;
                        out.network.delay = delay * 1ms;
                        out.network.jitter = jitter * 1ms;
                        out.network.loss_percent = static_cast<unsigned>(loss);
                        out.network.mtu = static_cast<std::size_t>(mtu);
                        out.network.to_server_blocked = block == 1;
                        out.network.to_client_blocked = block == 2;
                        out.rebind = block == 3;
                        out.span = span * 1ms;
                        out.data = static_cast<std::size_t>(data);
                        return out;
                      });
}

// The pair itself watches that nobody unproven is sent more than three times what it sent, and
// that no route leads to where nobody has answered from.
RC_GTEST_PROP(UdpPathPair, NeitherAmplifiesNorTrustsAndComesUpOnceTheNetworkHeals, ()) {
  const auto faults = *rc::gen::container<std::vector<fault>>(arbitrary_fault());
  path_pair pair{{}, *rc::gen::arbitrary<std::uint64_t>()};
  pair.start();
  for (const auto& now : faults) {
    pair.network = now.network;
    if (now.rebind)
      ++pair.client_address.port;
    if (now.data != 0)
      pair.send_data(now.data);
    pair.run_for(now.span);
  }
  pair.network = {};
  // The client's last lost attempt and its longest pause; then the server may have to lose one of
  // its own and wait for the next that the client sends.
  const auto bound = defaults().retry_max + 2 * defaults().answer_timeout_max +
                     defaults().probe_interval * 11 / 10 + 2s;
  RC_ASSERT(pair.run_until([&] { return pair.both_up(); }, bound));
  pair.run_for(5min);
  RC_ASSERT(pair.both_up());
  RC_ASSERT(pair.breach.empty());
}

} // namespace
} // namespace kodama
