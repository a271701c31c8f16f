#include "tests/net/loopback.hpp"

#include "net/flaky_fate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace kodama::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

struct network {
  explicit network(flaky_options options = {},
                   const asio::ip::address& where = asio::ip::address_v4::loopback())
      : server{context, {where, 0}}
      , client{context, {where, 0}}
      , proxy{context, complete(options, where)} {
    EXPECT_TRUE(proxy.start().has_value());
    to = {proxy.listening().address(), proxy.listening().port()};
  }

  [[nodiscard]] flaky_options complete(flaky_options options,
                                       const asio::ip::address& where) const {
    options.listen = {where, 0};
    options.to = {server.endpoint().address(), server.endpoint().port()};
    return options;
  }

  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds bound = 5s) {
    return testing::run_until(context, done, bound);
  }

  /// Everything that was sent has met its fate.
  bool run_until_decided(std::uint64_t sent) {
    return run_until([&] {
      const auto& counted = proxy.statistics();
      return counted.datagrams_up + counted.lost - counted.duplicated == sent &&
             server.numbers.size() == counted.datagrams_up;
    });
  }

  /// Datagrams 0, 1, 2…, in bursts that fit any socket buffer.
  void send_numbers(std::uint32_t count) {
    for (std::uint32_t number = 0; number != count; ++number) {
      client.send(to, number);
      if (number % 16 == 15)
        run_until_decided(number + 1);
    }
    EXPECT_TRUE(run_until_decided(count));
  }

  asio::io_context context;
  udp_peer server;
  udp_peer client;
  flaky_proxy proxy;
  udp::endpoint to;
};

std::vector<std::uint32_t> up_to(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST(FlakyUdp, PassesDatagramsBothWaysInOrder) {
  network world;
  world.server.echoing = true;
  world.send_numbers(100);
  EXPECT_TRUE(world.run_until([&] { return world.client.numbers.size() == 100; }));
  EXPECT_EQ(world.server.numbers, up_to(100));
  EXPECT_EQ(world.client.numbers, up_to(100));
  EXPECT_EQ(world.client.senders.front(), world.to);
}

TEST(FlakyUdp, PassesDatagramsOverIpv6) {
  network world{{}, asio::ip::address_v6::loopback()};
  world.server.echoing = true;
  world.client.send(world.to, 7, 1000);
  EXPECT_TRUE(world.run_until([&] { return !world.client.numbers.empty(); }));
}

TEST(FlakyUdp, LosesAndDuplicatesExactlyWhatTheSeedSays) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    flaky_options options;
    options.seed = seed;
    options.lose = 0.2;
    options.duplicate = 0.1;
    network world{options};
    world.send_numbers(400);
    auto random = flaky_stream(seed, flaky_subject::datagrams_up, 0);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t number = 0; number != 400; ++number) {
      const auto fate = draw_datagram_fate(options, random);
      if (!fate.lost)
        expected.insert(expected.end(), fate.duplicated ? 2 : 1, number);
    }
    EXPECT_EQ(world.server.numbers, expected);
    EXPECT_NEAR(static_cast<double>(world.proxy.statistics().lost), 80, 40);
    EXPECT_GT(world.proxy.statistics().duplicated, 0u);
  }
}

TEST(FlakyUdp, LetsOthersOvertakeTheReordered) {
  flaky_options options;
  options.reorder = 0.3;
  options.reorder_for = 100ms;
  network world{options};
  for (std::uint32_t number = 0; number != 16; ++number)
    world.client.send(world.to, number);
  ASSERT_TRUE(world.run_until_decided(16));
  auto random = flaky_stream(options.seed, flaky_subject::datagrams_up, 0);
  std::vector<std::uint32_t> prompt, held_back;
  for (std::uint32_t number = 0; number != 16; ++number)
    (draw_datagram_fate(options, random).held_back > 0ns ? held_back : prompt).push_back(number);
  ASSERT_FALSE(held_back.empty());
  auto arrived = world.server.numbers;
  EXPECT_EQ(std::vector(arrived.begin(), arrived.begin() + prompt.size()), prompt);
  std::sort(arrived.begin(), arrived.end());
  EXPECT_EQ(arrived, up_to(16));
  EXPECT_EQ(world.proxy.statistics().reordered, held_back.size());
}

TEST(FlakyUdp, KeepsTheOrderInSpiteOfJitter) {
  flaky_options options;
  options.delay = 2ms;
  options.jitter = 5ms;
  network world{options};
  world.send_numbers(64);
  EXPECT_EQ(world.server.numbers, up_to(64));
}

TEST(FlakyUdp, SwallowsWhatIsLongerThanTheMtu) {
  flaky_options options;
  options.mtu = 1200;
  network world{options};
  world.client.send(world.to, 0, 1201);
  world.client.send(world.to, 1, 1200);
  world.client.send(world.to, 2, 9000);
  world.client.send(world.to, 3, 4);
  ASSERT_TRUE(world.run_until([&] { return world.server.numbers.size() == 2; }));
  EXPECT_EQ(world.server.numbers, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(world.proxy.statistics().too_long, 2u);
}

TEST(FlakyUdp, SwallowsEverythingWhenBlocked) {
  flaky_options options;
  options.block_udp = true;
  network world{options};
  for (std::uint32_t number = 0; number != 10; ++number)
    world.client.send(world.to, number);
  EXPECT_TRUE(world.run_until([&] { return world.proxy.statistics().blocked == 10; }));
  EXPECT_TRUE(world.server.numbers.empty());
}

TEST(FlakyUdp, ChangesThePortThatTheServerSees) {
  flaky_options options;
  options.rebind_every = 10ms;
  network world{options};
  world.server.echoing = true;
  std::uint32_t number = 0;
  std::set<udp::endpoint> seen;
  while (seen.size() < 4 && number != 10'000) {
    const auto rebinds = world.proxy.statistics().rebinds;
    world.client.send(world.to, number++);
    ASSERT_TRUE(world.run_until([&] { return world.server.numbers.size() == number; }));
    ASSERT_TRUE(world.run_until([&] { return world.proxy.statistics().rebinds > rebinds; }));
    seen.insert(world.server.senders.begin(), world.server.senders.end());
  }
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_NE(world.server.senders[0], world.server.senders[1]);
  // The new port is as good as the old one, also for answers.
  world.client.numbers.clear();
  EXPECT_TRUE(world.run_until([&] {
    if (world.client.numbers.empty())
      world.client.send(world.to, 4711);
    return !world.client.numbers.empty();
  }));
}

TEST(FlakyUdp, GivesEachClientAPortOfItsOwn) {
  network world;
  udp_peer other{world.context, {asio::ip::address_v4::loopback(), 0}};
  world.server.echoing = true;
  world.client.send(world.to, 1);
  other.send(world.to, 2);
  EXPECT_TRUE(
      world.run_until([&] { return world.client.numbers.size() + other.numbers.size() == 2; }));
  EXPECT_EQ(world.client.numbers, std::vector<std::uint32_t>{1});
  EXPECT_EQ(other.numbers, std::vector<std::uint32_t>{2});
  EXPECT_NE(world.server.senders[0], world.server.senders[1]);
}

TEST(FlakyUdp, IgnoresNewClientsUntilOneHasBeenIdle) {
  flaky_options options;
  options.mappings_max = 1;
  options.mapping_idle_max = 40ms;
  network world{options};
  udp_peer other{world.context, {asio::ip::address_v4::loopback(), 0}};
  world.client.send(world.to, 1);
  ASSERT_TRUE(world.run_until([&] { return world.server.numbers.size() == 1; }));
  other.send(world.to, 2);
  ASSERT_TRUE(world.run_until([&] { return world.proxy.statistics().dropped == 1; }));
  asio::steady_timer again{world.context};
  const std::function<void()> insist = [&] {
    other.send(world.to, 3);
    again.expires_after(20ms);
    again.async_wait([&](const error_code& error) {
      if (!error)
        insist();
    });
  };
  insist();
  EXPECT_TRUE(world.run_until([&] { return world.server.numbers.size() >= 2; }));
  EXPECT_EQ(world.server.numbers[1], 3u);
}

TEST(FlakyUdp, DropsWhatTheQueueCannotHold) {
  flaky_options options;
  options.delay = 1h;
  network world{options};
  // One at a time: it is the proxy's queue that is to overflow, not the socket's.
  int sent = 0;
  while (world.proxy.statistics().dropped == 0 && sent != 200) {
    world.client.send(world.to, 0, 10'000);
    ++sent;
    world.run_until([&] { return world.proxy.statistics().dropped != 0; }, 1ms);
  }
  EXPECT_GT(sent, 26); // That many fit into 256 KiB, with 64 bytes of bookkeeping each.
  EXPECT_EQ(world.proxy.statistics().dropped, 1u);
  EXPECT_TRUE(world.server.numbers.empty());
}

} // namespace
} // namespace kodama::net
