#include "net/server.hpp"
#include "net/endpoint_text.hpp"

#include "actors/messages.hpp"
#include "actors/node.hpp"
#include "net/account_gate.hpp"
#include "net/asio_scheduler.hpp"
#include "net/http_gateway.hpp"
#include "net/listeners.hpp"
#include "net/metrics.hpp"
#include "net/process_memory.hpp"
#include "net/system_world.hpp"
#include "net/udp_port.hpp"
#include "net/usage_file.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <memory>
#include <optional>

namespace kodama::net {
namespace {

/// How many times it is tried to find a port that is free for TCP and UDP alike.
constexpr int port_attempts_max = 16;

struct sockets {
  boost::asio::ip::tcp::acceptor acceptor;
  std::unique_ptr<actors::datagram_port> datagrams;
  udp_port* udp = nullptr; ///< the same, where there is one
};

result<sockets> open_sockets(asio_scheduler& scheduler, const server_options& options) {
  for (int attempt = 1;; ++attempt) {
    auto acceptor = listener::open(scheduler.at(0), {options.host, options.port});
    if (!acceptor)
      return acceptor.error();
    if (!options.udp)
      return sockets{std::move(*acceptor), std::make_unique<no_udp_port>()};
    const auto port = acceptor->local_endpoint().port();
    auto udp = udp_port::open(scheduler, {options.host, port});
    if (udp) {
      auto* raw = udp->get();
      return sockets{std::move(*acceptor), std::move(*udp), raw};
    }
    if (options.port != 0 || attempt == port_attempts_max)
      return udp.error();
  }
}

/// Waits until all connections are gone, or the time is up; then stops the shards.
class departure {
public:
  departure(asio_scheduler& scheduler, connection_count& count,
            std::chrono::milliseconds shutdown_max)
      : scheduler_{scheduler}
      , count_{count}
      , timer_{scheduler.at(0).io()}
      , deadline_{scheduler.at(0).now() + shutdown_max} {}

  void wait() {
    // A turn or two for the goodbyes even where nobody is connected.
    timer_.expires_after(std::chrono::milliseconds{20});
    timer_.async_wait([this](auto) {
      if (count_ == 0 || scheduler_.at(0).now() >= deadline_)
        scheduler_.stop_all();
      else
        wait();
    });
  }

private:
  asio_scheduler& scheduler_;
  connection_count& count_;
  boost::asio::steady_timer timer_;
  instant deadline_;
};

/// Every SIGHUP, one after the other.
class reload_signal {
public:
  reload_signal(shard& home, std::function<void()> reload)
      : signals_{home.io(), SIGHUP}
      , reload_{std::move(reload)} {
    wait();
  }

private:
  void wait() {
    signals_.async_wait([this](auto failure, int) {
      if (failure)
        return;
      reload_();
      wait();
    });
  }

  boost::asio::signal_set signals_;
  std::function<void()> reload_;
};

listeners::outcome add_all(listeners& places, const server_options& options,
                           boost::asio::ip::tcp::acceptor native) {
  if (auto loaded = places.load(options.tls); !loaded)
    return loaded.error();
  const std::size_t native_max = options.node.session.limits.message_size_max;
  const std::size_t mqtt_max = options.node.mqtt.packet_size_max;
  const auto where = native.local_endpoint();
  places.add({spoken_protocol::native, where}, std::move(native), native_max);
  auto others = options.listeners;
  if (options.mqtt)
    others.insert(others.begin(), {spoken_protocol::mqtt, *options.mqtt});
  for (const auto& each : others)
    if (auto added =
            places.add(each, each.protocol == spoken_protocol::mqtt ? mqtt_max : native_max);
        !added)
      return added.error();
  return boost::system::in_place_value;
}

} // namespace

boost::system::result<void, std::string> serve(const server_options& options,
                                               const std::function<void(const listening&)>& ready) {
  // Declared in the order of who outlives whom.
  system_clock clock;
  system_chance random;
  connection_counts connections;
  metrics watching{connections};
  account_gate gate{clock, options.accounts, random};
  std::optional<usage_file> usages;
  if (!options.usage_file.empty()) {
    std::string why;
    if (const auto read = usage_file::read(options.usage_file, gate, why); !read)
      return why;
    usages.emplace(options.usage_file, gate);
  }

  threads_config config{options.threads};
  caf::actor_system system{config};
  system.await_actors_before_shutdown(false);
  auto& scheduler = scheduler_of(system);

  auto opened = open_sockets(scheduler, options);
  if (!opened)
    return "cannot listen on " + to_text({options.host, options.port}) + ": " +
           opened.error().message();
  const auto native_port = opened->acceptor.local_endpoint().port();
  const origin_policy origins{options.origins, options.accounts.empty()
                                                   ? origin_policy::others::local
                                                   : origin_policy::others::all};
  listeners places{scheduler, connections, origins};
  if (auto added = add_all(places, options, std::move(opened->acceptor)); !added)
    return added.error();

  const actors::surroundings world{clock, random, *opened->datagrams, gate, watching};
  std::optional<actors::node> node;
  node.emplace(scheduler.homes(), options.node, world);
  std::vector<caf::actor> gateways;
  for (auto* home : scheduler.homes())
    gateways.push_back(runtime::spawn_on<http_gateway>(*home, node->directory(), node->retained(),
                                                       options.node, world, watching, origins));
  places.start(*node, gateways, opened->udp ? std::optional{opened->udp->where()} : std::nullopt);
  if (opened->udp)
    opened->udp->start();

  std::optional<departure> leaving;
  boost::asio::signal_set signals{scheduler.at(0).io(), SIGTERM, SIGINT};
  signals.async_wait([&](auto failure, int signal) {
    if (failure)
      return;
    spdlog::info("signal {}: telling {} connections goodbye", signal, connections.open.load());
    places.close();
    if (opened->udp)
      opened->udp->close();
    node->shut_down();
    for (const auto& each : gateways)
      caf::anon_send(each, actors::shut_down{});
    leaving.emplace(scheduler, connections.open, options.shutdown_max);
    leaving->wait();
  });
  reload_signal hangup{scheduler.at(0), [&] {
                         if (const auto now = options.reload ? options.reload() : std::nullopt) {
                           gate.load(now->accounts);
                           places.reload(now->tls);
                         }
                       }};

  heap_trimmer trimmer{scheduler.at(0).io()};

  ready({native_port, places.text()});
  scheduler.run();
  gate.stop();
  for (const auto& each : gateways)
    caf::anon_send_exit(each, caf::exit_reason::kill);
  gateways.clear();
  node.reset();
  return boost::system::in_place_value;
}

} // namespace kodama::net
