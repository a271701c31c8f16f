#include "sim/network.hpp"

#include "tests/sim/small_world.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <tuple>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

/// Eight clients that talk to an echoing server by TCP and UDP, connect again whenever they learn
/// that they have to, and live through everything that the seed's plan has in store.
struct busy_world {
  struct talker final : tcp_handler, udp_handler {
    talker(busy_world& home, host_id where)
        : world{home}
        , host{where} {}

    void connect() {
      endpoint = world.net.connect(host, world.net.where(world.server, 7400), *this);
    }
    void talk() {
      if (up && endpoint->writable())
        endpoint->write(bytes(1 + said % 200, std::byte{'x'}));
      socket->send(world.net.where(world.server, 7400),
                   bytes(20 + said * 97 % 1400, std::byte{'y'}));
      ++said;
    }
    void on_connected() override { up = true; }
    void on_bytes(byte_view data) override { heard += data.size(); }
    void on_datagram(const address&, byte_view) override { ++datagrams; }
    void on_closed(close_reason) override {
      up = false;
      world.queue.schedule_in(100ms, [this] { connect(); });
    }

    busy_world& world;
    host_id host;
    tcp_endpoint_ptr endpoint;
    udp_socket_ptr socket;
    bool up = false;
    std::size_t said = 0;
    std::uint64_t heard = 0;
    std::uint64_t datagrams = 0;
  };
  struct echo final : tcp_handler {
    void on_bytes(byte_view data) override { endpoint->write(data); }
    void on_closed(close_reason) override { endpoint.reset(); }
    tcp_endpoint_ptr endpoint;
  };
  struct service final : tcp_listener, udp_handler {
    void on_accept(tcp_endpoint_ptr accepted) override {
      auto& added = echoes.emplace_back();
      added.endpoint = std::move(accepted);
      added.endpoint->bind(added);
    }
    void on_datagram(const address& from, byte_view data) override { socket->send(from, data); }
    std::deque<echo> echoes;
    udp_socket_ptr socket;
  };

  busy_world(std::uint64_t seed, const fault_plan& chosen, trace::keep keep = trace::keep::hash)
      : plan{chosen}
      , history{keep}
      , net{context{queue, history, faults, seed, plan}}
      , server{net.add_host("server", network::role::server)} {
    net.listen(server, 7400, here);
    here.socket = net.open_udp(server, 7400, here);
    std::vector<fault_target> targets{net.target(server)};
    for (int i = 0; i != 8; ++i) {
      const auto host = net.add_host("client-" + std::to_string(i), network::role::client);
      targets.push_back(net.target(host));
      auto& added = talkers.emplace_back(*this, host);
      added.socket = net.open_udp(host, 0, added);
      added.connect();
    }
    net.schedule(draw_timed_faults(plan, seed, targets));
  }

  void run(duration length, duration pause) {
    const auto end = queue.now() + length;
    while (queue.now() < end) {
      for (auto& each : talkers)
        each.talk();
      queue.run_until(queue.now() + pause);
    }
  }

  fault_plan plan;
  event_queue queue;
  trace history;
  fault_counters faults;
  network net;
  host_id server;
  service here;
  std::deque<talker> talkers;
};

RC_GTEST_PROP(Network, RepeatsARunExactly, (std::uint64_t seed)) {
  const auto run = [seed] {
    busy_world world{seed, fault_plan::draw(seed), trace::keep::numbers};
    world.run(10s, 100ms);
    return world.history;
  };
  const auto once = run();
  const auto again = run();
  RC_ASSERT(first_difference(once, again) == std::nullopt);
  RC_ASSERT(once.hash() == again.hash());
  RC_ASSERT(once.notes() > 100u);
}

TEST(Network, DiffersBySeed) {
  busy_world one{1, fault_plan::worst()};
  busy_world two{2, fault_plan::worst()};
  one.run(5s, 100ms);
  two.run(5s, 100ms);
  EXPECT_NE(one.history.hash(), two.history.hash());
}

// The same number in every build: debug, release, sanitizers, the second compiler. A change of the
// model changes it, and with it the meaning of every recorded seed; then say so in the change log.
TEST(Network, TellsTheSameStoryInEveryBuild) {
  std::uint64_t hash = 0;
  for (std::uint64_t seed = 0; seed != 8; ++seed) {
    busy_world world{seed, seed == 0 ? fault_plan::worst() : fault_plan::draw(seed)};
    world.run(10s, 100ms);
    hash = mix(hash ^ world.history.hash());
  }
  EXPECT_EQ(hash, 6878103217480708428u);
}

TEST(Network, StrikesEveryKindItCanSoonerOrLater) {
  fault_counters all;
  for (std::uint64_t seed = 0; seed != 60; ++seed) {
    busy_world world{seed, fault_plan::draw(seed)};
    world.run(20s, 100ms);
    all.add(world.faults);
  }
  // The kinds before server_pause are the network's.
  for (std::size_t i = 0; i != static_cast<std::size_t>(fault_kind::server_pause); ++i)
    EXPECT_GT(all.struck(static_cast<fault_kind>(i)), 0u) << to_string(static_cast<fault_kind>(i));
}

// What liveness is owed: after healing, whoever connects anew is served, by both transports.
RC_GTEST_PROP(Network, HealsWhateverHappened, (std::uint64_t seed)) {
  auto plan = fault_plan::draw(seed);
  plan.udp.blocked_from_start = {}; // a firewall does not heal
  busy_world world{seed, plan};
  world.run(31s, 100ms); // no plan heals later
  RC_ASSERT(world.net.healed());
  const auto struck = world.faults;
  for (auto& each : world.talkers)
    each.connect();
  world.run(2s, 100ms);
  std::vector<std::uint64_t> heard;
  std::vector<std::uint64_t> datagrams;
  for (auto& each : world.talkers) {
    heard.push_back(each.heard);
    datagrams.push_back(each.datagrams);
  }
  world.run(1s, 100ms);
  for (std::size_t i = 0; i != world.talkers.size(); ++i) {
    RC_ASSERT(world.talkers[i].heard > heard[i]);
    RC_ASSERT(world.talkers[i].datagrams > datagrams[i]);
  }
  for (std::size_t i = 0; i != fault_kind_count; ++i) {
    const auto kind = static_cast<fault_kind>(i);
    RC_ASSERT(world.faults.struck(kind) == struck.struck(kind));
  }
}

TEST(Network, IsolatesAHostBothWays) {
  small_world world{1, {.heal_at = 60s}};
  peer client;
  auto& server = world.connect_fully(client);
  world.net.isolate(world.server, 3s);
  client.endpoint->write(as_bytes("up"));
  server.endpoint->write(as_bytes("down"));
  world.run_for(2s);
  EXPECT_EQ(server.received + client.received, "");
  world.run_for(3s);
  EXPECT_EQ(server.received + client.received, "updown");
}

// One client's fate does not hang on how many others there are, nor on what they do.
TEST(Network, KeepsTheFateOfAHostApartFromOtherHosts) {
  const auto fate = [](bool company) {
    fault_plan plan{.heal_at = 60s};
    plan.latency = 100ms;
    plan.jitter = 40ms;
    plan.tcp.segmentation = probability::percent(50);
    plan.udp.loss = probability::percent(30);
    small_world world{5, plan};
    const auto stranger = world.net.add_host("stranger", network::role::client);
    mailbox mail;
    mailbox server_mail;
    const auto at_server = world.net.open_udp(world.server, 7400, server_mail);
    const auto socket = world.net.open_udp(world.client, 0, mail);
    const auto other_socket = world.net.open_udp(stranger, 0, mail);
    peer client;
    peer other;
    if (company)
      other.endpoint = world.net.connect(stranger, world.net.where(world.server, 7400), other);
    world.connect(client);
    for (int i = 0; i != 50; ++i) {
      client.endpoint->write(as_bytes("some text to be cut"));
      socket->send(world.net.where(world.server, 7400), as_bytes(std::to_string(i)));
      if (company)
        other_socket->send(world.net.where(world.server, 7400), as_bytes("noise"));
      world.run_for(10ms);
    }
    world.run();
    std::erase(server_mail.received, "noise");
    const auto& at =
        *std::find_if(world.accepted_peers.begin(), world.accepted_peers.end(),
                      [&](const auto& p) { return p->endpoint->id() == client.endpoint->id(); });
    return std::tuple{server_mail.received, at->received, at->reads};
  };
  EXPECT_EQ(fate(false), fate(true));
}

} // namespace
} // namespace kodama::sim
