#include "sim/tcp_network.hpp"

#include "tests/sim/small_world.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using closings = std::vector<close_reason>;

const fault_plan segmenting = [] {
  fault_plan plan;
  plan.heal_at = 60s;
  plan.jitter = 50ms;
  plan.bandwidth = {20'000};
  plan.tcp.segmentation = probability::percent(100);
  return plan;
}();

RC_GTEST_PROP(Tcp, DeliversEveryByteInOrderHoweverItIsCut,
              (std::uint64_t seed, const std::vector<std::string>& writes)) {
  small_world world{seed, segmenting};
  peer client;
  world.connect(client);
  std::string expected;
  for (const auto& text : writes) {
    client.endpoint->write(as_bytes(text)); // from the first on before the connection stands
    expected += text;
    world.run_for(20ms);
  }
  world.run_for(5s); // closed while still connecting, it would be given up
  client.endpoint->close();
  world.run();
  RC_ASSERT(world.accepted_peers.size() == 1u);
  RC_ASSERT(world.accepted_peers[0]->received == expected);
  RC_ASSERT(world.accepted_peers[0]->closed == closings{close_reason::peer});
  RC_ASSERT(client.closed == closings{close_reason::local});
}

// Against the whole swarm: whatever strikes, what arrives is a prefix of what was written, and each
// end hears of the end at most once.
RC_GTEST_PROP(Tcp, DeliversAPrefixUnderAnyFault, (std::uint64_t seed)) {
  auto plan = fault_plan::draw(seed);
  small_world world{seed, plan};
  const std::array targets{world.net.target(world.server), world.net.target(world.client)};
  world.net.schedule(draw_timed_faults(plan, seed, targets));
  std::vector<std::unique_ptr<peer>> clients;
  std::vector<std::string> written;
  for (int attempt = 0; attempt != 10; ++attempt) {
    clients.push_back(std::make_unique<peer>());
    world.connect(*clients.back());
    written.emplace_back();
    for (int i = 0; i != 50; ++i) {
      const auto text = std::to_string(attempt) + ':' + std::to_string(i) + ' ';
      clients.back()->endpoint->write(as_bytes(text));
      written.back() += text;
      world.run_for(50ms);
    }
  }
  world.run();
  for (const auto& accepted : world.accepted_peers) {
    const auto fits = [&](const std::string& whole) {
      return whole.starts_with(accepted->received);
    };
    RC_ASSERT(std::any_of(written.begin(), written.end(), fits));
    RC_ASSERT(accepted->closed.size() <= 1);
  }
  for (const auto& each : clients)
    RC_ASSERT(each->closed.size() <= 1);
}

TEST(Tcp, CutsAnywhereOnlyWhenAsked) {
  for (const bool cut : {false, true}) {
    small_world world{3, cut ? segmenting : fault_plan{}};
    peer client;
    auto& server = world.connect_fully(client);
    client.endpoint->write(as_bytes(std::string(5'000, 'x')));
    world.run_for(10s);
    EXPECT_EQ(server.received.size(), 5'000u);
    EXPECT_EQ(server.reads > 1, cut);
  }
}

TEST(Tcp, TellsBothEndsThatTheConnectionStands) {
  small_world world;
  peer client;
  world.connect(client);
  EXPECT_EQ(client.connected, 0); // never out of the call itself
  world.run_for(1s);
  EXPECT_EQ(client.connected, 1);
  ASSERT_EQ(world.accepted_peers.size(), 1u);
  EXPECT_EQ(world.accepted_peers[0]->endpoint->peer(), client.endpoint->local());
  EXPECT_EQ(world.accepted_peers[0]->endpoint->id(), client.endpoint->id());
}

TEST(Tcp, GivesUpAnAttemptThatIsClosedMeanwhile) {
  small_world world;
  peer client;
  world.connect(client);
  client.endpoint->write(as_bytes("never"));
  client.endpoint->close();
  world.run();
  EXPECT_EQ(client.closed, closings{close_reason::local});
  EXPECT_EQ(client.connected, 0);
  EXPECT_TRUE(world.accepted_peers.empty());
}

TEST(Tcp, RefusesWhereNobodyListens) {
  small_world world;
  world.net.stop_listening(world.server, 7400);
  peer client;
  world.connect(client);
  world.run();
  EXPECT_EQ(client.closed, closings{close_reason::refused});
  EXPECT_EQ(client.connected, 0);
}

TEST(Tcp, TimesOutWhereNobodyIs) {
  small_world world;
  peer client;
  client.endpoint = world.net.connect(world.client, make_v4(0x01020304, 7400), client);
  world.run();
  EXPECT_EQ(client.closed, closings{close_reason::timed_out});
  EXPECT_EQ(world.queue.now(), instant{20s});
}

TEST(Tcp, KeepsWhatArrivesBeforeTheOwnerBinds) {
  small_world world;
  world.bind_accepted = false;
  peer client;
  auto& server = world.connect_fully(client);
  client.endpoint->write(as_bytes("early"));
  client.endpoint->close();
  world.run();
  EXPECT_EQ(server.received, "");
  server.endpoint->bind(server);
  EXPECT_EQ(server.received, ""); // never out of the call itself
  world.run();
  EXPECT_EQ(server.received, "early");
  EXPECT_EQ(server.closed, closings{close_reason::peer});
}

TEST(Tcp, StopsASenderWhoseReceiverDoesNotRead) {
  small_world world{1, {}, {{1000, 2000}, {}}};
  peer client;
  auto& server = world.connect_fully(client);
  server.endpoint->pause_reading();
  int writes = 0;
  for (; client.endpoint->writable() && writes != 1000; ++writes) {
    client.endpoint->write(as_bytes(std::string(100, 'x')));
    world.run_for(100ms);
  }
  EXPECT_EQ(writes, 30); // the receiver's buffer and the sender's
  world.run();
  EXPECT_EQ(client.drained, 0);
  server.endpoint->resume_reading();
  world.run();
  EXPECT_EQ(client.drained, 1);
  EXPECT_TRUE(client.endpoint->writable());
  EXPECT_EQ(server.received.size(), 3'000u);
}

RC_GTEST_PROP(Tcp, SaysDrainedOncePerTimeItWasFull, (std::uint64_t seed)) {
  small_world world{seed, segmenting, {{1000, 1000}, {}}};
  peer client;
  world.connect_fully(client);
  int filled = 0;
  for (int i = 0; i != 20; ++i) {
    while (client.endpoint->writable())
      client.endpoint->write(as_bytes(std::string(90, 'x')));
    ++filled;
    world.run();
    RC_ASSERT(client.drained == filled);
  }
}

TEST(Tcp, TakesTheTimeThatItsBandwidthDemands) {
  fault_plan plan;
  plan.heal_at = 600s;
  plan.bandwidth = {1'000};
  small_world world{1, plan};
  peer client;
  auto& server = world.connect_fully(client);
  const auto start = world.queue.now();
  client.endpoint->write(as_bytes(std::string(50'000, 'x')));
  while (server.received.size() != 50'000 && world.queue.run_next()) {
  }
  // Hosts get between 1 and 16 times the plan's bandwidth.
  EXPECT_GE(world.queue.now() - start, 50s / 16);
  EXPECT_LE(world.queue.now() - start, 101s);
}

TEST(Tcp, DropsInFlightBytesOnReset) {
  small_world world;
  peer client;
  auto& server = world.connect_fully(client);
  client.endpoint->write(as_bytes("lost"));
  client.endpoint->reset();
  EXPECT_TRUE(client.closed.empty()); // never out of the call itself
  world.run();
  EXPECT_EQ(server.received, "");
  EXPECT_EQ(server.closed, closings{close_reason::reset});
  EXPECT_EQ(client.closed, closings{close_reason::local});
}

TEST(Tcp, ClosesByResetWhenInputIsUnread) {
  small_world world;
  peer client;
  auto& server = world.connect_fully(client);
  server.endpoint->pause_reading();
  client.endpoint->write(as_bytes("unread"));
  world.run();
  server.endpoint->close();
  world.run();
  EXPECT_EQ(client.closed, closings{close_reason::reset});
}

TEST(Tcp, AnswersDataForAClosedEndWithAReset) {
  small_world world;
  peer client;
  auto& server = world.connect_fully(client);
  client.endpoint->write(as_bytes("crosses the close"));
  server.endpoint->write(as_bytes("bye"));
  server.endpoint->close();
  world.run();
  EXPECT_EQ(server.received, "");
  ASSERT_EQ(client.closed.size(), 1u);
}

TEST(Tcp, IsSilentAfterItsEndpointWasDestroyed) {
  small_world world;
  peer client;
  auto& server = world.connect_fully(client);
  client.endpoint.reset();
  world.run();
  EXPECT_TRUE(client.closed.empty());
  EXPECT_EQ(server.closed, closings{close_reason::peer});
}

TEST(TcpFaults, ResetTellsBoth) {
  small_world world{1, {.heal_at = 60s}};
  peer client;
  auto& server = world.connect_fully(client);
  client.endpoint->write(as_bytes("lost"));
  world.strike(fault_kind::tcp_reset);
  world.run();
  EXPECT_EQ(server.received, "");
  EXPECT_EQ(client.closed, closings{close_reason::reset});
  EXPECT_EQ(server.closed, closings{close_reason::reset});
  EXPECT_EQ(world.faults.struck(fault_kind::tcp_reset), 1u);
}

TEST(TcpFaults, DoNotCountWhenNothingWasThereToStrike) {
  small_world world{1, {.heal_at = 60s}};
  world.strike(fault_kind::tcp_reset);
  EXPECT_EQ(world.faults.struck(fault_kind::tcp_reset), 0u);
}

TEST(TcpFaults, CloseIsOrderlyForBoth) {
  for (const std::uint64_t draw : {0, 1}) {
    small_world world{1, {.heal_at = 60s}};
    peer client;
    auto& server = world.connect_fully(client);
    client.endpoint->write(as_bytes("from the client"));
    server.endpoint->write(as_bytes("from the server"));
    world.strike(fault_kind::tcp_close, duration{0}, draw);
    world.run();
    EXPECT_EQ(client.closed, closings{close_reason::peer});
    EXPECT_EQ(server.closed, closings{close_reason::peer});
    EXPECT_EQ(server.received, draw == 0 ? "from the client" : "");
    EXPECT_EQ(client.received, draw == 1 ? "from the server" : "");
  }
}

TEST(TcpFaults, HalfOpenStaysSilentForEver) {
  for (const std::uint64_t draw : {0, 1}) {
    small_world world{1, {.heal_at = 60s}};
    peer client;
    auto& server = world.connect_fully(client);
    world.strike(fault_kind::tcp_half_open, duration{0}, draw);
    auto& told = draw == 0 ? client : server;
    auto& other = draw == 0 ? server : client;
    world.run_for(30s);
    other.endpoint->write(as_bytes("hello?"));
    world.net.heal(); // does not raise the dead
    world.run();
    EXPECT_EQ(told.closed, closings{close_reason::reset});
    EXPECT_TRUE(other.closed.empty());
    EXPECT_EQ(told.received, "");
    other.endpoint->close(); // still works on the survivor's side
    world.run();
    EXPECT_EQ(other.closed, closings{close_reason::local});
  }
}

TEST(TcpFaults, ASilentConnectionFillsItsSendBuffer) {
  small_world world{1, {.heal_at = 60s}};
  peer client;
  auto& server = world.connect_fully(client);
  world.strike(fault_kind::tcp_half_open);
  server.endpoint->write(bytes(64 * 1024));
  world.run();
  EXPECT_FALSE(server.endpoint->writable());
  EXPECT_EQ(server.drained, 0);
}

TEST(TcpFaults, LateDeliveryComesAfterANewConnection) {
  small_world world{1, {.heal_at = 60s}};
  peer old;
  auto& old_server = world.connect_fully(old);
  old.endpoint->write(as_bytes("late"));
  world.strike(fault_kind::tcp_late_delivery, 5s);
  world.run_for(100ms);
  EXPECT_EQ(old.closed, closings{close_reason::reset});
  peer fresh;
  auto& fresh_server = world.connect_fully(fresh);
  fresh.endpoint->write(as_bytes("new"));
  world.run_for(1s);
  EXPECT_EQ(fresh_server.received, "new");
  EXPECT_EQ(old_server.received, "");
  EXPECT_TRUE(old_server.closed.empty());
  world.run();
  EXPECT_EQ(old_server.received, "late");
}

TEST(TcpFaults, BlackHoleDelaysAndLosesNothing) {
  for (const auto kind : {fault_kind::black_hole, fault_kind::black_hole_from_host}) {
    small_world world{1, {.heal_at = 60s}};
    peer client;
    auto& server = world.connect_fully(client);
    world.strike(kind, 5s);
    client.endpoint->write(as_bytes("one"));
    server.endpoint->write(as_bytes("two"));
    world.run_for(4s);
    EXPECT_EQ(server.received, "");
    EXPECT_EQ(client.received, kind == fault_kind::black_hole ? "" : "two");
    world.run_for(3s);
    EXPECT_EQ(server.received, "one");
    EXPECT_EQ(client.received, "two");
  }
}

TEST(TcpFaults, BlackHoleHoldsUpConnecting) {
  small_world world{1, {.heal_at = 60s}};
  world.strike(fault_kind::black_hole, 5s);
  peer client;
  world.connect(client);
  world.run_for(4s);
  EXPECT_EQ(client.connected, 0);
  world.run_for(3s);
  EXPECT_EQ(client.connected, 1);
}

TEST(TcpFaults, AResetLostInABlackHoleLeavesTheOtherSideUnaware) {
  small_world world{1, {.heal_at = 60s}};
  peer client;
  auto& server = world.connect_fully(client);
  world.strike(fault_kind::black_hole, 5s);
  client.endpoint->reset();
  world.run();
  EXPECT_EQ(client.closed, closings{close_reason::local});
  EXPECT_TRUE(server.closed.empty());
}

TEST(TcpFaults, ANewAddressCutsTheOldConnectionAndCarriesTheNew) {
  small_world world{1, {.heal_at = 60s}};
  peer old;
  auto& old_server = world.connect_fully(old);
  world.strike(fault_kind::new_address, duration{0}, 1);
  old.endpoint->write(as_bytes("never"));
  peer fresh;
  auto& fresh_server = world.connect_fully(fresh);
  EXPECT_EQ(old_server.received, "");
  EXPECT_TRUE(old_server.closed.empty());
  EXPECT_NE(fresh.endpoint->local().ip, old.endpoint->local().ip);
  fresh.endpoint->write(as_bytes("hello"));
  world.run();
  EXPECT_EQ(fresh_server.received, "hello");
}

TEST(TcpFaults, RefusalsAreAsFrequentAsPlannedAndEndWithHealing) {
  fault_plan plan{.heal_at = 60s};
  plan.tcp.refused = probability::percent(50);
  small_world world{1, plan};
  std::vector<std::unique_ptr<peer>> clients;
  const auto refusals = [&] {
    clients.clear();
    for (int i = 0; i != 200; ++i) {
      clients.push_back(std::make_unique<peer>());
      world.connect(*clients.back());
    }
    world.run_for(5s);
    return std::count_if(clients.begin(), clients.end(), [](const auto& c) {
      return c->closed == closings{close_reason::refused};
    });
  };
  EXPECT_NEAR(refusals(), 100, 35);
  world.net.heal();
  EXPECT_EQ(refusals(), 0);
}

TEST(TcpFaults, ASlowListenerKeepsTheConnectionWaiting) {
  fault_plan plan{.heal_at = 60s};
  plan.tcp.slow_accept = {probability::percent(100), 10s};
  int waited = 0;
  for (std::uint64_t seed = 0; seed != 10; ++seed) {
    small_world world{seed, plan};
    peer client;
    world.connect(client);
    client.endpoint->write(as_bytes("patience"));
    world.run_for(1s);
    EXPECT_EQ(client.connected, 1);
    waited += world.accepted_peers.empty();
    world.run();
    EXPECT_EQ(world.accepted_peers.at(0)->received, "patience");
  }
  EXPECT_GE(waited, 5);
}

TEST(TcpFaults, ACrashTellsThePeerOnlyWhenTheKernelLives) {
  for (const bool resets : {false, true}) {
    small_world world;
    peer client;
    auto& server = world.connect_fully(client);
    world.net.crash(world.server, resets);
    world.run();
    EXPECT_TRUE(server.closed.empty());
    EXPECT_EQ(client.closed, resets ? closings{close_reason::reset} : closings{});
    peer next;
    world.connect(next);
    world.run();
    EXPECT_EQ(next.closed, closings{close_reason::refused});
  }
}

TEST(TcpFaults, ACrashDuringTheHandshakeDoesNotLeaveTheClientWaiting) {
  for (const bool resets : {false, true}) {
    small_world world;
    peer client;
    world.connect(client);
    world.net.crash(world.server, resets);
    world.run();
    EXPECT_EQ(client.closed.size(), 1u);
  }
}

} // namespace
} // namespace kodama::sim
