#include "sim/udp_network.hpp"

#include "tests/sim/small_world.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

/// A small world with a datagram socket on each side.
struct udp_world : small_world {
  explicit udp_world(std::uint64_t seed = 1, const fault_plan& plan = {})
      : small_world{seed, plan}
      , at_server{net.open_udp(server, 7400, server_mail)}
      , at_client{net.open_udp(client, 0, client_mail)} {}

  void send_up(std::string_view text) {
    at_client->send(net.where(server, 7400), as_bytes(text));
    run_for(1ms);
  }
  void send_down(std::string_view text) {
    at_server->send(at_client->external(), as_bytes(text));
    run_for(1ms);
  }
  /// Sends `count` numbered datagrams up and waits for what becomes of them.
  std::vector<std::string> survivors(int count) {
    server_mail.received.clear();
    for (int i = 0; i != count; ++i)
      send_up("datagram " + std::to_string(i));
    run_for(20s);
    return server_mail.received;
  }

  mailbox server_mail;
  mailbox client_mail;
  udp_socket_ptr at_server;
  udp_socket_ptr at_client;
};

fault_plan with(void (*change)(fault_plan&)) {
  fault_plan plan{.heal_at = 60s};
  change(plan);
  return plan;
}

RC_GTEST_PROP(Udp, DeliversAllInOrderWithoutFaults,
              (std::uint64_t seed, const std::vector<std::string>& texts)) {
  udp_world world{seed};
  for (const auto& text : texts) {
    world.send_up(text);
    world.send_down(text);
  }
  world.run();
  RC_ASSERT(world.server_mail.received == texts);
  RC_ASSERT(world.client_mail.received == texts);
}

TEST(Udp, ShowsTheExternalAddressOfTheSender) {
  udp_world world;
  world.send_up("hello");
  world.run();
  EXPECT_EQ(world.server_mail.sources.at(0), world.at_client->external());
}

TEST(Udp, RefusesWhatTheInterfaceCannotCarry) {
  udp_world world;
  const auto to = world.net.where(world.server, 7400);
  EXPECT_EQ(world.at_client->send(to, bytes(1452)), udp_send_result::sent);
  EXPECT_EQ(world.at_client->send(to, bytes(1453)), udp_send_result::too_long);
  world.run();
  EXPECT_EQ(world.server_mail.received.size(), 1u);
}

TEST(Udp, LosesWhatGoesToAClosedSocket) {
  udp_world world;
  const auto to = world.at_client->external();
  world.send_down("under way");
  world.at_client.reset();
  world.at_server->send(to, as_bytes("too late"));
  world.run();
  EXPECT_TRUE(world.client_mail.received.empty());
}

TEST(UdpFaults, LoseAPlausibleShare) {
  udp_world world{1, with([](auto& p) { p.udp.loss = probability::percent(20); })};
  EXPECT_NEAR(static_cast<double>(world.survivors(2'000).size()), 1'600, 90); // five deviations
  EXPECT_EQ(world.server_mail.received.size() + world.faults.struck(fault_kind::udp_loss), 2'000u);
}

TEST(UdpFaults, Duplicate) {
  udp_world world{1, with([](auto& p) { p.udp.duplication = probability::percent(20); })};
  auto got = world.survivors(500);
  EXPECT_NEAR(static_cast<double>(got.size()), 600, 45);
  std::sort(got.begin(), got.end());
  EXPECT_EQ(std::unique(got.begin(), got.end()) - got.begin(), 500);
}

TEST(UdpFaults, ReorderWithoutLosing) {
  udp_world world{1, with([](auto& p) { p.udp.reordering = {probability::percent(30), 50ms}; })};
  auto got = world.survivors(100);
  EXPECT_EQ(got.size(), 100u);
  EXPECT_NE(got.back(), "datagram 99");
}

TEST(UdpFaults, DelayForLong) {
  udp_world world{1, with([](auto& p) { p.udp.delay = {probability::percent(100), 8s}; })};
  world.send_up("slow");
  world.run_for(100ms);
  EXPECT_TRUE(world.server_mail.received.empty());
  world.run_for(9s);
  EXPECT_EQ(world.server_mail.received.size(), 1u);
}

TEST(UdpFaults, SwallowLongDatagramsOnNarrowPaths) {
  int narrow = 0;
  for (std::uint64_t seed = 0; seed != 20; ++seed) {
    udp_world world{seed, with([](auto& p) { p.udp.mtu = {1000}; })};
    world.send_up(std::string(1000, 'x'));
    world.send_up(std::string(1001, 'x'));
    world.run_for(1s);
    ASSERT_GE(world.server_mail.received.size(), 1u);
    narrow += world.server_mail.received.size() == 1;
    EXPECT_EQ(world.faults.struck(fault_kind::udp_mtu), 2 - world.server_mail.received.size());
  }
  EXPECT_GT(narrow, 3);  // some paths,
  EXPECT_LT(narrow, 17); // not all
}

TEST(UdpFaults, LeaveNarrowPathsNarrowWhenAllHeals) {
  for (std::uint64_t seed = 0; seed != 20; ++seed) {
    udp_world world{seed, with([](auto& p) { p.udp.mtu = {1000}; })};
    world.send_up(std::string(1001, 'x'));
    world.run_for(1s);
    const auto before = world.server_mail.received.size();
    world.net.heal();
    world.send_up(std::string(1001, 'x'));
    world.run_for(1s);
    EXPECT_EQ(world.server_mail.received.size(), 2 * before);
  }
}

TEST(UdpFaults, BlockEachWay) {
  for (const auto kind : {fault_kind::udp_blocked, fault_kind::udp_blocked_to_host,
                          fault_kind::udp_blocked_from_host}) {
    udp_world world{1, {.heal_at = 60s}};
    world.strike(kind, 5s);
    world.send_up("up");
    world.send_down("down");
    world.run_for(1s);
    EXPECT_EQ(world.server_mail.received.empty(), kind != fault_kind::udp_blocked_to_host);
    EXPECT_EQ(world.client_mail.received.empty(), kind != fault_kind::udp_blocked_from_host);
    world.run_for(5s);
    world.send_up("after");
    world.send_down("after");
    world.run();
    EXPECT_EQ(world.server_mail.received.back(), "after");
    EXPECT_EQ(world.client_mail.received.back(), "after");
  }
}

TEST(UdpFaults, LeaveTcpAloneWhenUdpIsBlocked) {
  udp_world world{1, with([](auto& p) { p.udp.blocked_from_start = probability::percent(100); })};
  peer client;
  auto& server = world.connect_fully(client);
  client.endpoint->write(as_bytes("by TCP"));
  world.send_up("by UDP");
  world.run_for(1s);
  EXPECT_EQ(server.received, "by TCP");
  EXPECT_TRUE(world.server_mail.received.empty());
}

TEST(UdpFaults, LeaveAWallStandingWhenTheNetworkHeals) {
  udp_world world{1, with([](auto& p) { p.udp.blocked_from_start = probability::percent(100); })};
  world.net.heal();
  world.send_up("up");
  world.send_down("down");
  world.run();
  EXPECT_TRUE(world.server_mail.received.empty() && world.client_mail.received.empty());
}

TEST(UdpFaults, RebindPortThenAddressThenBack) {
  udp_world world{1, {.heal_at = 60s}};
  const auto home = world.at_client->external();
  world.strike(fault_kind::udp_nat_port, 5s);
  const auto other_port = world.at_client->external();
  EXPECT_EQ(other_port.ip, home.ip);
  EXPECT_NE(other_port.port, home.port);
  world.strike(fault_kind::udp_nat_address, 8s);
  EXPECT_NE(world.at_client->external().ip, home.ip);
  world.at_server->send(home, as_bytes("to the old address"));
  world.send_up("from the new one");
  world.run_for(1s);
  EXPECT_TRUE(world.client_mail.received.empty());
  EXPECT_EQ(world.server_mail.sources.at(0), world.at_client->external());
  world.run_for(10s);
  EXPECT_EQ(world.at_client->external(), home);
  world.send_down("home again");
  world.run();
  EXPECT_EQ(world.client_mail.received, std::vector<std::string>{"home again"});
}

TEST(UdpFaults, ReplayOldDatagramsUnchanged) {
  udp_world world{1, with([](auto& p) { p.udp.replay = probability::percent(50); })};
  const auto got = world.survivors(100);
  EXPECT_GT(got.size(), 120u);
  EXPECT_EQ(got.size(), 100 + world.faults.struck(fault_kind::udp_replay));
  for (const auto& text : got)
    EXPECT_TRUE(text.starts_with("datagram ")) << text;
}

TEST(UdpFaults, ReplayNothingThatNeverArrived) {
  udp_world world{1, with([](auto& p) {
                    p.udp.loss = probability::percent(50);
                    p.udp.replay = probability::percent(50);
                  })};
  const auto got = world.survivors(200);
  EXPECT_GT(world.faults.struck(fault_kind::udp_replay), 50u);
  // What is replayed comes long after its neighbours: were it for the first time, out of order.
  std::vector<int> first;
  for (const auto& text : got) {
    const auto number = std::stoi(text.substr(9));
    if (std::find(first.begin(), first.end(), number) == first.end())
      first.push_back(number);
  }
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
}

TEST(UdpFaults, ForgeDatagramsThatBeginLikeRealOnes) {
  udp_world world{1, with([](auto& p) { p.udp.forgery = probability::percent(50); })};
  const auto got = world.survivors(100);
  const auto forged = std::count_if(got.begin(), got.end(), [](const std::string& text) {
    return text.substr(9).find_first_not_of("0123456789 ") != std::string::npos ||
           !text.starts_with("datagram ");
  });
  EXPECT_GT(forged, 20);
  EXPECT_EQ(got.size(), 100 + world.faults.struck(fault_kind::udp_forgery));
  for (const auto& text : got)
    EXPECT_EQ(text.substr(0, 8), "datagram");
}

TEST(UdpFaults, ForgeSomeThatOvertakeTheOriginal) {
  udp_world world{1, with([](auto& p) { p.udp.forgery = probability::percent(100); })};
  int ahead = 0;
  for (int i = 0; i != 40; ++i) {
    world.server_mail.received.clear();
    world.send_up("datagram 7");
    world.run_for(5s);
    ASSERT_EQ(world.server_mail.received.size(), 2u);
    ahead += world.server_mail.received.back() == "datagram 7";
  }
  EXPECT_GT(ahead, 10);
  EXPECT_LT(ahead, 30);
}

TEST(UdpFaults, EndWithHealing) {
  auto plan = fault_plan::worst();
  plan.udp.blocked_from_start = {}; // a firewall does not heal
  udp_world world{1, plan};
  world.strike(fault_kind::black_hole, 60s);
  world.survivors(50);
  world.net.heal();
  const auto got = world.survivors(200);
  EXPECT_EQ(got.size(), 200u);
  EXPECT_TRUE(std::any_of(got.begin(), got.end(), [](const auto& t) { return t == "datagram 7"; }));
}

// The decisions about one datagram are keyed by its number: another fault changes none of them.
RC_GTEST_PROP(UdpFaults, AreIndependentOfEachOther, (std::uint64_t seed)) {
  auto plan = with([](auto& p) { p.udp.loss = probability::percent(30); });
  udp_world alone{seed, plan};
  plan.jitter = 20ms;
  plan.udp.reordering = {probability::percent(50), 100ms};
  udp_world together{seed, plan};
  auto expected = alone.survivors(60);
  auto got = together.survivors(60);
  std::sort(expected.begin(), expected.end());
  std::sort(got.begin(), got.end());
  RC_ASSERT(got == expected);
}

} // namespace
} // namespace kodama::sim
