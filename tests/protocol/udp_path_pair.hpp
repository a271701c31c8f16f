#pragma once

#include "protocol/chance.hpp"
#include "protocol/udp_path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace kodama::testing {

using namespace std::chrono_literals;

/// SplitMix64: reproducible, and good enough to drop packets.
class seeded_chance final : public chance {
public:
  explicit seeded_chance(std::uint64_t seed)
      : state_{seed} {}

  std::uint64_t next() override {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

private:
  std::uint64_t state_;
};

inline address make_address(std::uint8_t host, std::uint16_t port) {
  address out;
  out.ip[10] = out.ip[11] = std::byte{0xff};
  out.ip[12] = std::byte{192};
  out.ip[14] = std::byte{2};
  out.ip[15] = std::byte{host};
  out.port = port;
  return out;
}

/// What lies between the two ends; to be changed at will while the pair runs.
struct network_conditions {
  duration delay = 20ms; // one way
  duration jitter{0};    // up to so much more, hence reordering
  unsigned loss_percent = 0;
  std::size_t mtu = std::numeric_limits<std::size_t>::max(); // longer ones vanish
  bool to_server_blocked = false;
  bool to_client_blocked = false;
};

/// A client and a server, the network between them, and a clock that jumps to whatever comes next.
///
/// Watches at every step what must hold in every test: the server's route only leads to where an
/// answer came from, and no unproven address is sent more than three times what it sent. Such a
/// breach fails the test at the latest when the pair ends.
class path_pair {
public:
  explicit path_pair(udp_path::options chosen = {}, std::uint64_t seed = 1)
      : chance_{seed}
      , client{udp_path::role::client, chosen, chance_}
      , server{udp_path::role::server, chosen, chance_} {}

  path_pair(const path_pair&) = delete; // the ends refer to the source of chance
  path_pair& operator=(const path_pair&) = delete;
  ~path_pair() { EXPECT_EQ(breach, std::string{}); }

  static address server_address() { return make_address(1, 7400); }

  void start() {
    client.handle_start(now, server_address());
    settle();
  }

  void run_for(duration span) {
    const auto end = now + span;
    while (next_event() <= end) {
      now = std::max(now, next_event());
      step();
    }
    now = end;
  }

  /// Runs until `reached` holds; false if that takes longer than `most`.
  template <class Predicate>
  [[nodiscard]] bool run_until(Predicate reached, duration most) {
    const auto end = now + most;
    while (!reached()) {
      if (next_event() > end)
        return false;
      now = std::max(now, next_event());
      step();
    }
    return true;
  }

  [[nodiscard]] bool both_up() const {
    return client.current_route().has_value() && server.current_route().has_value() &&
           server.current_route()->to == client_address;
  }
  [[nodiscard]] bool both_down() const {
    return !client.current_route().has_value() && !server.current_route().has_value();
  }

  /// An unreliable publication of the client, of which the path only sees that it arrived.
  void send_data(std::size_t size) {
    to_server(size, std::monostate{});
    settle();
  }

  struct sent_probe {
    instant at;
    address to;
    std::size_t size;
  };
  std::vector<sent_probe> client_probes; // before the network touches them
  std::vector<sent_probe> server_probes;

  std::string breach; // empty: none

  instant now{1h};
  network_conditions network;
  address client_address = make_address(7, 50'000);

private:
  seeded_chance chance_; // before its users

public:
  udp_path client;
  udp_path server;

private:
  using content = std::variant<std::monostate, message::udp_probe, message::udp_probe_ack>;

  struct packet {
    instant at;
    std::uint64_t ordinal; // of two that arrive at one moment, the older comes first
    bool for_server;
    address from;
    address to;
    std::uint64_t number;
    std::size_t size;
    content what;

    bool operator<(const packet& other) const {
      return std::tie(at, ordinal) < std::tie(other.at, other.ordinal);
    }
  };

  /// What went to and fro since the address was last proven.
  struct account {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };

  static constexpr std::size_t bare_size = 60; // a probe or its answer, sealed, without padding

  [[nodiscard]] instant next_event() const {
    auto next = std::min(client.poll_timeout(), server.poll_timeout());
    if (!in_flight_.empty())
      next = std::min(next, in_flight_.begin()->at);
    return next;
  }

  void step() {
    if (!in_flight_.empty() && in_flight_.begin()->at <= now)
      deliver(in_flight_.extract(in_flight_.begin()).value());
    if (client.poll_timeout() <= now)
      client.handle_timeout(now);
    if (server.poll_timeout() <= now)
      server.handle_timeout(now);
    settle();
  }

  void deliver(const packet& what) {
    if (!what.for_server && what.to != client_address)
      return; // the NAT has forgotten that port
    auto& newest = what.for_server ? newest_at_server_ : newest_at_client_;
    const bool is_newest = what.number > newest;
    newest = std::max(newest, what.number);
    auto& receiver = what.for_server ? server : client;
    if (what.for_server)
      accounts_[what.from].received += what.size;
    receiver.handle_datagram(now, what.from, is_newest, what.size);
    settle();
    if (const auto* probe = std::get_if<message::udp_probe>(&what.what))
      receiver.handle_probe(now, what.from, *probe, what.size);
    if (const auto* ack = std::get_if<message::udp_probe_ack>(&what.what)) {
      if (what.for_server)
        answered_from_.insert(what.from);
      receiver.handle_probe_ack(now, what.from, *ack);
    }
  }

  void settle() {
    if (const auto route = server.current_route()) {
      if (!answered_from_.contains(route->to))
        breach = "a route to where nobody has answered from";
      accounts_[route->to] = {};
    } else {
      answered_from_.clear(); // every route has to be proven anew
    }
    while (const auto out = client.poll_transmit()) {
      if (out->to != server_address())
        breach = "the client sent something elsewhere";
      if (std::holds_alternative<message::udp_probe>(out->what))
        client_probes.push_back({now, out->to, out->datagram_size});
      to_server(std::max(bare_size, out->datagram_size), widen(out->what));
    }
    while (const auto out = server.poll_transmit()) {
      if (std::holds_alternative<message::udp_probe>(out->what))
        server_probes.push_back({now, out->to, out->datagram_size});
      const auto size = std::max(bare_size, out->datagram_size);
      if (const auto route = server.current_route(); !route || route->to != out->to) {
        auto& account = accounts_[out->to];
        account.sent += size;
        if (account.sent > 3 * account.received)
          breach = "amplified";
      }
      send({{}, {}, false, server_address(), out->to, ++server_number_, size, widen(out->what)},
           network.to_client_blocked);
    }
  }

  void to_server(std::size_t size, const content& what) {
    send({{}, {}, true, client_address, server_address(), ++client_number_, size, what},
         network.to_server_blocked);
  }

  static content widen(const std::variant<message::udp_probe, message::udp_probe_ack>& what) {
    return std::visit([](const auto& m) { return content{m}; }, what);
  }

  void send(packet what, bool blocked) {
    if (blocked || what.size > network.mtu || chance_.below(100) < network.loss_percent)
      return;
    const auto jitter = chance_.below(static_cast<std::uint64_t>(network.jitter.count()) + 1);
    what.at = now + network.delay + duration{jitter};
    what.ordinal = ++ordinal_;
    in_flight_.insert(what);
  }

  std::set<packet> in_flight_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t client_number_ = 0;
  std::uint64_t server_number_ = 0;
  std::uint64_t newest_at_client_ = 0;
  std::uint64_t newest_at_server_ = 0;
  std::map<address, account> accounts_;
  std::set<address> answered_from_;
};

} // namespace kodama::testing
