#include "net/server.hpp"

#include "actors/node.hpp"
#include "net/account_gate.hpp"
#include "net/asio_scheduler.hpp"
#include "net/listener.hpp"
#include "net/log_observer.hpp"
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

} // namespace

result<void> serve(const server_options& options,
                   const std::function<void(const listening&)>& ready) {
  // Declared in the order of who outlives whom.
  system_clock clock;
  system_chance random;
  account_gate gate{clock, options.accounts, random};
  std::optional<usage_file> usages;
  if (!options.usage_file.empty()) {
    std::string why;
    if (const auto read = usage_file::read(options.usage_file, gate, why); !read)
      return read.error();
    usages.emplace(options.usage_file, gate);
  }
  log_observer watching;
  listener::counters connections;

  threads_config config{options.threads};
  caf::actor_system system{config};
  system.await_actors_before_shutdown(false);
  auto& scheduler = scheduler_of(system);

  auto opened = open_sockets(scheduler, options);
  if (!opened)
    return opened.error();
  const actors::surroundings world{clock, random, *opened->datagrams, gate, watching};
  std::optional<actors::node> node;
  node.emplace(scheduler.homes(), options.node, world);

  listening where{opened->acceptor.local_endpoint().port(), std::nullopt};
  std::vector<std::unique_ptr<listener>> listeners;
  const auto listen = [&](boost::asio::ip::tcp::acceptor acceptor, listener::door_of door) {
    listeners.push_back(
        std::make_unique<listener>(scheduler, *node, door, std::move(acceptor), connections));
    listeners.back()->start();
  };
  if (options.mqtt) {
    auto acceptor = listener::open(scheduler.at(0), *options.mqtt);
    if (!acceptor)
      return acceptor.error();
    where.mqtt = acceptor->local_endpoint().port();
    listen(std::move(*acceptor), &actors::node::mqtt_door);
  }
  listen(std::move(opened->acceptor), &actors::node::door);
  if (opened->udp)
    opened->udp->start();

  std::optional<departure> leaving;
  boost::asio::signal_set signals{scheduler.at(0).io(), SIGTERM, SIGINT};
  signals.async_wait([&](auto failure, int signal) {
    if (failure)
      return;
    spdlog::info("signal {}: telling {} connections goodbye", signal, connections.open.load());
    for (const auto& each : listeners)
      each->close();
    if (opened->udp)
      opened->udp->close();
    node->shut_down();
    leaving.emplace(scheduler, connections.open, options.shutdown_max);
    leaving->wait();
  });

  ready(where);
  scheduler.run();
  node.reset();
  return boost::system::in_place_value;
}

} // namespace kodama::net
