#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/process.hpp"
#include "apps/units.hpp"
#include "net/flaky_proxy.hpp"
#include "net/resolve.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>

namespace kodama::apps {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

struct flaky_command {
  host_port listen;
  host_port to;
  net::flaky_options options;
  duration run_for{0}; ///< zero: until a signal
};

constexpr const char* footer =
    R"(DURATION: 200ms, 5s, 1m    SHARE: 5% or 0.05    SIZE: 512, 64KiB, 10MB

Example: a phone on a train, between clients at 7401 and the server at 7400
  kodama flaky --listen 127.0.0.1:7401 --to 127.0.0.1:7400 --cut-every 2s --half-open 10% \
      --delay 30ms --jitter 40ms --lose 5% --reorder 5% --rebind-every 20s --seed 7)";

parsed<host_port> parse_target(std::string_view text) {
  auto target = parse_host_port(text);
  if (target && target->port == 0)
    return refusal{'"' + std::string{text} + "\" names no port; expected one from 1 to 65535"};
  return target;
}

void add_shared_options(CLI::App& app, flaky_command& command) {
  auto& options = command.options;
  add_parsed_option(app, "--listen", command.listen, parse_host_port,
                    "Where clients connect to, TCP and UDP; port 0: any that is free")
      ->required()
      ->type_name("HOST:PORT");
  add_parsed_option(app, "--to", command.to, parse_target, "The server")
      ->required()
      ->type_name("HOST:PORT");
  add_parsed_option(app, "--seed", options.seed, parse_number,
                    "The same seed, the same fate of each connection (default: 1)")
      ->type_name("N");
  add_parsed_option(app, "--duration", command.run_for, parse_duration,
                    "End after this long (default: at SIGINT or SIGTERM)")
      ->type_name("DURATION");
  add_parsed_option(app, "--delay", options.delay, parse_duration, "Added to everything, each way")
      ->type_name("DURATION");
  add_parsed_option(app, "--jitter", options.jitter, parse_duration,
                    "Up to this much more delay, uniform; reorders nothing by itself")
      ->type_name("DURATION");
  add_parsed_option(app, "--bandwidth", options.bandwidth, parse_rate,
                    "Per second, for each TCP connection or UDP client and direction")
      ->type_name("SIZE");
}

void add_tcp_options(CLI::App& app, net::flaky_options& options) {
  add_parsed_option(app, "--cut-every", options.cut_every, parse_duration,
                    "TCP: each connection is reset after 0.5 to 1.5 times this long, uniform")
      ->type_name("DURATION");
  add_parsed_option(app, "--half-open", options.half_open, parse_share,
                    "TCP: share of the cuts of which one side, drawn evenly, is not told")
      ->type_name("SHARE")
      ->needs("--cut-every");
  add_parsed_option(app, "--half-open-for", options.half_open_for, parse_duration,
                    "TCP: when that side is reset too, unless it has closed (default: 10s)")
      ->type_name("DURATION");
  add_parsed_option(app, "--stall", options.stall, parse_share,
                    "TCP: share of the chunks that stop their direction for a while")
      ->type_name("SHARE");
  add_parsed_option(app, "--stall-for", options.stall_for, parse_duration,
                    "TCP: for how long (default: 200ms)")
      ->type_name("DURATION");
  add_parsed_option(app, "--segment", options.segment, parse_size,
                    "TCP: bytes forwarded at once, at most")
      ->type_name("SIZE");
}

void add_udp_options(CLI::App& app, net::flaky_options& options) {
  add_parsed_option(app, "--lose", options.lose, parse_share, "UDP: datagrams that vanish")
      ->type_name("SHARE");
  add_parsed_option(app, "--duplicate", options.duplicate, parse_share,
                    "UDP: datagrams that arrive twice")
      ->type_name("SHARE");
  add_parsed_option(app, "--reorder", options.reorder, parse_share,
                    "UDP: datagrams held back, so that later ones overtake them")
      ->type_name("SHARE");
  add_parsed_option(app, "--reorder-for", options.reorder_for, parse_duration,
                    "UDP: for 0.5 to 1 times this long, uniform (default: 20ms)")
      ->type_name("DURATION");
  add_parsed_option(app, "--mtu", options.mtu, parse_size,
                    "UDP: datagrams with more payload vanish, and nobody is told")
      ->type_name("SIZE");
  add_parsed_option(app, "--rebind-every", options.rebind_every, parse_duration,
                    "UDP: a client's port, as the server sees it, changes after 0.5 to 1.5 times "
                    "this long, uniform")
      ->type_name("DURATION");
  app.add_flag("--block-udp", options.block_udp, "UDP: all datagrams vanish");
}

std::string to_string(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

int fail(const std::string& what, const error_code& error) {
  std::fprintf(stderr, "kodama: flaky: %s: %s\n", what.c_str(), error.message().c_str());
  return 1;
}

int run(flaky_command& command) {
  const auto listen = net::resolve(command.listen.host, command.listen.port);
  if (!listen)
    return fail("cannot resolve " + command.listen.host, listen.error());
  const auto to = net::resolve(command.to.host, command.to.port);
  if (!to)
    return fail("cannot resolve " + command.to.host, to.error());
  if (*listen == *to && to->port() != 0) {
    std::fprintf(stderr,
                 "kodama: flaky: --to is --listen: it would pass everything on to itself\n");
    return 1;
  }
  command.options.listen = *listen;
  command.options.to = *to;
  raise_descriptor_limit();

  asio::io_context context{1};
  asio::signal_set signals{context, SIGINT, SIGTERM};
  asio::steady_timer end{context};
  net::flaky_proxy proxy{context, command.options};
  if (const auto started = proxy.start(); !started)
    return fail("cannot listen at " + to_string(*listen), started.error());
  signals.async_wait([&](const error_code&, int) {
    end.cancel();
    proxy.stop();
  });
  if (command.run_for > duration{0}) {
    end.expires_after(command.run_for);
    // Ends as the signal does, by cancelling the wait for it.
    end.async_wait([&](const error_code&) { signals.cancel(); });
  }
  std::printf("kodama: flaky ready listen=%s to=%s\n", to_string(proxy.listening()).c_str(),
              to_string(*to).c_str());
  std::fflush(stdout); // A script waits for this line, through a pipe.
  context.run();
  std::fprintf(stderr, "kodama: flaky done %s\n", to_string(proxy.statistics()).c_str());
  return 0;
}

} // namespace

void add_flaky(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<flaky_command>();
  auto& app = *parent.add_subcommand(
      "flaky", "A bad network for any client: a TCP and UDP proxy that misbehaves by seed");
  add_shared_options(app, *command);
  add_tcp_options(app, command->options);
  add_udp_options(app, command->options);
  app.footer(footer);
  app.callback([command, &exit_code] { exit_code = run(*command); });
}

} // namespace kodama::apps
