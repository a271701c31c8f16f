#include "tests/net/loopback.hpp"

#include "net/flaky_fate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kodama::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

/// An echo server behind a flaky proxy.
struct network {
  explicit network(flaky_options options = {}, bool echoing = true,
                   const tcp::endpoint& where = loopback())
      : server{context, where, echoing}
      , proxy{context, complete(options, where)} {
    EXPECT_TRUE(proxy.start().has_value());
  }

  [[nodiscard]] flaky_options complete(flaky_options options, const tcp::endpoint& where) const {
    options.listen = where;
    options.to = server.endpoint();
    return options;
  }

  std::shared_ptr<tcp_peer> connect() {
    auto client = std::make_shared<tcp_peer>(tcp::socket{context});
    client->connect(proxy.listening());
    return client;
  }

  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds bound = 5s) {
    return testing::run_until(context, done, bound);
  }

  asio::io_context context;
  tcp_server server;
  flaky_proxy proxy;
};

bytes some_bytes(std::size_t size, std::uint64_t seed) {
  bytes data(size);
  splitmix64{seed}.fill(data);
  return data;
}

bool arrives_unchanged(network& world, std::size_t size, std::uint64_t seed) {
  const auto data = some_bytes(size, seed);
  const auto client = world.connect();
  client->write(data);
  client->shut_when_written();
  world.run_until([&] { return client->ended().has_value(); });
  return client->ended() == error_code{asio::error::eof} && client->received() == data;
}

RC_GTEST_PROP(FlakyTcp, PassesBytesUnchangedWithoutFaults, (std::uint64_t seed)) {
  network world;
  RC_ASSERT(arrives_unchanged(world, *rc::gen::inRange(0, 600'000), seed));
}

RC_GTEST_PROP(FlakyTcp, PassesBytesUnchangedWhenItOnlySlowsThemDown, (std::uint64_t seed)) {
  flaky_options options;
  options.seed = seed;
  options.segment = *rc::gen::inRange<std::size_t>(1, 2000);
  options.delay = *rc::gen::element<duration>(0ms, 1ms);
  options.jitter = *rc::gen::element<duration>(0ms, 2ms);
  options.stall = *rc::gen::element(0.0, 0.02);
  options.stall_for = 1ms;
  network world{options};
  RC_ASSERT(arrives_unchanged(world, *rc::gen::inRange(0, 5000), seed));
}

TEST(FlakyTcp, PassesBytesOverIpv6) {
  network world{{}, true, tcp::endpoint{asio::ip::address_v6::loopback(), 0}};
  EXPECT_TRUE(arrives_unchanged(world, 10'000, 1));
}

TEST(FlakyTcp, CountsWhatItForwards) {
  network world;
  ASSERT_TRUE(arrives_unchanged(world, 1000, 1));
  flaky_statistics expected;
  expected.connections = 1;
  expected.bytes_up = 1000;
  expected.bytes_down = 1000;
  EXPECT_EQ(world.proxy.statistics(), expected);
}

TEST(FlakyTcp, ResetsBothSidesWhenTheLifetimeIsOver) {
  flaky_options options;
  options.cut_every = 40ms;
  network world{options};
  for (std::uint64_t index = 0; index != 5; ++index) {
    auto random = flaky_stream(options.seed, flaky_subject::connection, index);
    const auto lifetime = draw_connection_fate(options, random).lifetime;
    const auto began = clock::now();
    const auto client = world.connect();
    ASSERT_TRUE(world.run_until([&] {
      return client->ended() && index < world.server.peers.size() &&
             world.server.peers[index]->ended();
    }));
    EXPECT_EQ(client->ended(), error_code{asio::error::connection_reset});
    EXPECT_EQ(world.server.peers[index]->ended(), error_code{asio::error::connection_reset});
    EXPECT_GE(clock::now() - began, lifetime);
  }
  EXPECT_EQ(world.proxy.statistics().cuts, 5u);
}

TEST(FlakyTcp, NeverDeliversWhatWasQueuedWhenItCuts) {
  flaky_options options;
  options.cut_every = 20ms;
  options.delay = 1h;
  network world{options};
  const auto client = world.connect();
  client->write(some_bytes(100, 1));
  ASSERT_TRUE(world.run_until([&] { return client->ended().has_value(); }));
  EXPECT_EQ(world.proxy.statistics().bytes_up, 0u);
}

std::uint64_t first_seed_of(connection_fate::ending wanted, const flaky_options& options) {
  for (std::uint64_t seed = 1;; ++seed) {
    auto random = flaky_stream(seed, flaky_subject::connection, 0);
    if (draw_connection_fate(options, random).end == wanted)
      return seed;
  }
}

TEST(FlakyTcp, TellsOnlyOneSideOfAHalfOpenCut) {
  for (const auto end :
       {connection_fate::ending::client_forgotten, connection_fate::ending::server_forgotten}) {
    flaky_options options;
    options.cut_every = 5ms;
    options.half_open = 1;
    options.half_open_for = 300ms;
    options.seed = first_seed_of(end, options);
    network world{options};
    const auto client = world.connect();
    ASSERT_TRUE(world.run_until(
        [&] { return world.proxy.statistics().half_opens == 1 && !world.server.peers.empty(); }));
    const auto server = world.server.peers.front();
    const auto forgets_client = end == connection_fate::ending::client_forgotten;
    const auto& told = forgets_client ? server : client;
    const auto& forgotten = forgets_client ? client : server;
    ASSERT_TRUE(world.run_until([&] { return told->ended().has_value(); }));
    EXPECT_EQ(told->ended(), error_code{asio::error::connection_reset});
    EXPECT_FALSE(forgotten->ended());
    // It may talk, for a while; nobody listens.
    forgotten->write(some_bytes(1000, 1));
    ASSERT_TRUE(world.run_until([&] { return forgotten->ended().has_value(); }));
    EXPECT_EQ(forgotten->ended(), error_code{asio::error::connection_reset});
    EXPECT_TRUE(told->received().empty());
    EXPECT_EQ(world.proxy.statistics().cuts, 0u);
  }
}

TEST(FlakyTcp, StallsAndDelaysBothWays) {
  flaky_options options;
  options.delay = 10ms;
  options.stall = 1;
  options.stall_for = 20ms;
  network world{options};
  const auto began = clock::now();
  EXPECT_TRUE(arrives_unchanged(world, 10, 1));
  EXPECT_GE(clock::now() - began, 60ms);
  EXPECT_EQ(world.proxy.statistics().stalls, 2u);
}

TEST(FlakyTcp, KeepsToTheBandwidth) {
  flaky_options options;
  options.bandwidth = 1'000'000;
  network world{options};
  const auto began = clock::now();
  EXPECT_TRUE(arrives_unchanged(world, 100'000, 1));
  EXPECT_GE(clock::now() - began, 100ms);
}

// The proxy holds 256 KiB and the kernel some megabytes; bounded only by its number of chunks, the
// proxy would take all.
TEST(FlakyTcp, StopsReadingWhileItsQueueIsFull) {
  flaky_options options;
  options.delay = 1h;
  network world{options};
  const auto client = world.connect();
  client->write(bytes(40 << 20));
  EXPECT_FALSE(world.run_until([&] { return client->written(); }, 500ms));
  EXPECT_FALSE(client->ended());
}

TEST(FlakyTcp, ClosesTheClientOfAnUnreachableServer) {
  asio::io_context context;
  flaky_options options;
  options.listen = loopback();
  // Bound but not listening: a port that refuses, and that nobody else can take meanwhile.
  tcp::acceptor refusing{context};
  refusing.open(tcp::v4());
  refusing.bind(loopback());
  options.to = refusing.local_endpoint();
  flaky_proxy proxy{context, options};
  ASSERT_TRUE(proxy.start().has_value());
  for (int count = 0; count != 3; ++count) {
    const auto client = std::make_shared<tcp_peer>(tcp::socket{context});
    client->connect(proxy.listening());
    EXPECT_TRUE(run_until(context, [&] { return client->ended().has_value(); }));
  }
  EXPECT_EQ(proxy.statistics().refused, 3u);
}

} // namespace
} // namespace kodama::net
