#pragma once

#include "sim/network.hpp"

#include <memory>
#include <string>
#include <vector>

namespace kodama::sim {

/// Remembers what its endpoint was told; optionally answers with an echo.
class peer final : public tcp_handler {
public:
  void on_connected() override { ++connected; }
  void on_bytes(byte_view data) override {
    received += as_text(data);
    ++reads;
    if (echo)
      endpoint->write(data);
  }
  void on_drained() override { ++drained; }
  void on_closed(close_reason reason) override { closed.push_back(reason); }

  tcp_endpoint_ptr endpoint;
  std::string received;
  std::vector<close_reason> closed;
  int connected = 0;
  int reads = 0;
  int drained = 0;
  bool echo = false;
};

class mailbox final : public udp_handler {
public:
  void on_datagram(const address& from, byte_view data) override {
    received.emplace_back(as_text(data));
    sources.push_back(from);
  }

  std::vector<std::string> received;
  std::vector<address> sources;
};

/// A server that accepts everybody, one client, and the network between them.
struct small_world : tcp_listener {
  explicit small_world(std::uint64_t seed = 1, const fault_plan& plan = {},
                       const network_options& options = {})
      : net{context{queue, history, faults, seed, plan}, options}
      , server{net.add_host("server", network::role::server)}
      , client{net.add_host("client", network::role::client)} {
    net.listen(server, 7400, *this);
  }

  void on_accept(tcp_endpoint_ptr accepted) override {
    accepted_peers.push_back(std::make_unique<peer>());
    accepted_peers.back()->endpoint = std::move(accepted);
    if (bind_accepted)
      accepted_peers.back()->endpoint->bind(*accepted_peers.back());
  }

  void run_for(duration wait) { queue.run_until(queue.now() + wait); }
  void run() {
    while (queue.run_next()) {
    }
  }
  void connect(peer& with) { with.endpoint = net.connect(client, net.where(server, 7400), with); }
  /// Connects and waits until both ends know.
  peer& connect_fully(peer& with) {
    connect(with);
    run_for(std::chrono::seconds{1});
    return *accepted_peers.back();
  }
  void strike(fault_kind kind, duration lasts = duration{0}, std::uint64_t draw = 0) {
    net.strike({kind, client, duration{0}, lasts, draw});
  }

  event_queue queue;
  trace history;
  fault_counters faults;
  network net;
  host_id server;
  host_id client;
  bool bind_accepted = true;
  std::vector<std::unique_ptr<peer>> accepted_peers;
};

} // namespace kodama::sim
