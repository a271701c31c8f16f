#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/process.hpp"
#include "apps/serve_config.hpp"
#include "net/resolve.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <limits>
#include <memory>
#include <string>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
Flags win over the file. Limits and times are in the file alone (docs/operations.md).
SIGTERM or SIGINT: stops accepting, tells every client, exits with 0 within 5 s.

Example:
  kodama serve --listen 0.0.0.0:7400 --tokens tokens.txt --threads 2)";

/// What the flags say; they are applied after the file.
struct serve_flags {
  std::string config_file;
  host_port listen;
  host_port mqtt;
  std::string tokens_file;
  std::uint64_t threads = 1;
  duration resume_window{};
  bool no_udp = false;
  std::string log_level;
  CLI::Option* has_listen = nullptr;
  CLI::Option* has_mqtt = nullptr;
  CLI::Option* has_resume_window = nullptr;
  CLI::Option* has_threads = nullptr;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "kodama: serve: %s\n", what.c_str());
  return 1;
}

/// 0, which check_config() refuses, where it does not fit.
std::uint32_t window_of(duration wanted) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(wanted).count();
  return count > std::numeric_limits<std::int32_t>::max() ? 0 : static_cast<std::uint32_t>(count);
}

parsed<void> apply(const serve_flags& flags, serve_config& config) {
  if (!flags.config_file.empty())
    if (auto read = read_config(flags.config_file, config); !read)
      return read.error();
  if (flags.has_listen->count() != 0)
    config.listen = flags.listen;
  if (flags.has_mqtt->count() != 0)
    config.mqtt = flags.mqtt;
  if (!flags.tokens_file.empty())
    config.tokens_file = flags.tokens_file;
  if (flags.has_threads->count() != 0)
    config.server.threads = flags.threads;
  if (flags.has_resume_window->count() != 0)
    config.server.node.session.limits.resume_window_ms = window_of(flags.resume_window);
  if (flags.no_udp)
    config.server.udp = false;
  if (!flags.log_level.empty())
    config.log_level = flags.log_level;
  if (!config.tokens_file.empty()) {
    auto tokens = read_tokens(config.tokens_file);
    if (!tokens)
      return tokens.error();
    config.server.accounts.tokens = std::move(*tokens);
  }
  return check_config(config);
}

int run(const serve_flags& flags) {
  serve_config config;
  if (const auto applied = apply(flags, config); !applied)
    return fail(applied.error().reason);

  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "kodama", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  const auto level = spdlog::level::from_str(config.log_level);
  if (level == spdlog::level::off && config.log_level != "off")
    return fail("log level \"" + config.log_level +
                "\" is unknown; expected debug, info, warn, error or off");
  spdlog::set_level(level);

  const auto where = net::resolve(config.listen.host, config.listen.port);
  if (!where)
    return fail("cannot resolve " + config.listen.host + ": " + where.error().message());
  if (config.mqtt) {
    const auto mqtt = net::resolve(config.mqtt->host, config.mqtt->port);
    if (!mqtt)
      return fail("cannot resolve " + config.mqtt->host + ": " + mqtt.error().message());
    config.server.mqtt.emplace(mqtt->address(), mqtt->port());
  }
  if (config.server.accounts.empty()) {
    for (const auto& address :
         {where->address(), config.server.mqtt ? config.server.mqtt->address() : where->address()})
      if (!address.is_loopback())
        return fail("without tokens only loopback is served, not " + address.to_string() +
                    "; give --tokens FILE, or listen on 127.0.0.1");
    spdlog::info("no tokens: serving loopback only, everybody on this machine may come in");
  }
  config.server.host = where->address();
  config.server.port = where->port();

  raise_descriptor_limit();
  const auto shown = [](const boost::asio::ip::address& host, std::uint16_t port) {
    const auto text = host.to_string();
    return (host.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(port);
  };
  const auto served = net::serve(config.server, [&](const net::listening& at) {
    std::string line = "kodama: ready native=" + shown(where->address(), at.port);
    if (at.mqtt)
      line += " mqtt=" + shown(config.server.mqtt->address(), *at.mqtt);
    std::puts(line.c_str());
    std::fflush(stdout);
  });
  if (!served)
    return fail("cannot listen on " + config.listen.host + ":" +
                std::to_string(config.listen.port) + ": " + served.error().message());
  return 0;
}

} // namespace

void add_serve(CLI::App& parent, int& exit_code) {
  auto* command = parent.add_subcommand("serve", "Run the server");
  command->footer(footer);
  const auto flags = std::make_shared<serve_flags>();
  command->add_option("--config", flags->config_file, "TOML file")->type_name("FILE");
  flags->has_listen =
      add_parsed_option(*command, "--listen", flags->listen, parse_host_port,
                        "TCP and UDP; port 0: any that is free (default: 127.0.0.1:7400)")
          ->type_name("HOST:PORT");
  flags->has_mqtt = add_parsed_option(*command, "--mqtt", flags->mqtt, parse_host_port,
                                      "MQTT 3.1.1 and 5.0; the password is the token "
                                      "(default: not spoken)")
                        ->type_name("HOST:PORT");
  command->add_option("--tokens", flags->tokens_file, "Who may come in: one token a line")
      ->type_name("FILE");
  flags->has_threads = add_parsed_option(*command, "--threads", flags->threads, parse_number,
                                         "Threads that serve connections (default: 1)")
                           ->type_name("N");
  flags->has_resume_window =
      add_parsed_option(*command, "--resume-window", flags->resume_window, parse_duration,
                        "How long a session outlives its connection (default: 60s)")
          ->type_name("DURATION");
  command->add_flag("--no-udp", flags->no_udp, "Offer no datagrams");
  command->add_option("--log-level", flags->log_level, "debug, info, warn, error or off")
      ->type_name("LEVEL");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

} // namespace kodama::apps
