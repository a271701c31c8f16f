#include "apps/commands.hpp"
#include "apps/config_reload.hpp"
#include "apps/log_sink.hpp"
#include "apps/process.hpp"
#include "apps/serve_flags.hpp"

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
Flags win over the file. Limits and times are in the file alone (docs/operations.md).
SIGTERM or SIGINT: stops accepting, tells every client, exits with 0 when all have gone, after
shutdown_max (4s) at the latest.
SIGHUP: reads certificates, tokens, passwords, users and plans, and the log level again.

Example:
  kodama serve --listen 0.0.0.0:7400 --tokens tokens.txt --threads 2)";

int fail(const std::string& what) {
  std::fprintf(stderr, "kodama: serve: %s\n", what.c_str());
  return 1;
}

int run(const serve_flags& flags) {
  // Whoever reads our standard error, and goes away, is no reason to end; nor is a SIGHUP that
  // comes before there is anything to read again.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  serve_config config;
  auto mistakes = load_config(flags, config);
  if (mistakes.empty())
    mistakes = check_certificates(config);
  for (const auto& each : mistakes)
    fail(to_string(each));
  if (!mistakes.empty())
    return 1;

  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("kodama", std::make_shared<log_sink>(STDERR_FILENO)));
  spdlog::set_level(spdlog::level::from_str(config.log_level));
  if (config.server.accounts.empty())
    spdlog::info("no tokens: serving loopback only, everybody on this machine may come in");

  raise_descriptor_limit();
  config_reload again{flags, config};
  config.server.reload = [&] { return again.read(); };
  const auto served = net::serve(config.server, [](const net::listening& at) {
    std::puts(("kodama: ready " + at.text).c_str());
    std::fflush(stdout);
  });
  return served ? 0 : fail(served.error());
}

} // namespace

void add_serve(CLI::App& parent, int& exit_code) {
  auto* command = parent.add_subcommand("serve", "Run the server");
  command->footer(footer);
  const auto flags = std::make_shared<serve_flags>();
  add_serve_flags(*command, *flags);
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

} // namespace kodama::apps
