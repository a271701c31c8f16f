#pragma once

#include "apps/units.hpp"
#include "client/client.hpp"
#include "protocol/time.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>

namespace kodama::apps {

/// What the subcommands that are clients (sub, pub, who, ping) let a person choose alike.
struct client_options {
  std::string connect = "127.0.0.1:7400";
  std::string token;
  /// Short: a person at a terminal would rather see a dead connection replaced than save a PING.
  duration keepalive = std::chrono::seconds{5};
  bool no_udp = false;
  bool verbose = false;
};

/// --token, or else the environment's KODAMA_TOKEN.
void add_token_option(CLI::App& app, std::string& target);

/// Whether the native protocol has room for it. The refusal tells its size alone: it is a secret.
[[nodiscard]] parsed<void> check_token(std::string_view token);

/// Adds --connect, --token (else the environment's KODAMA_TOKEN), --keepalive, --no-udp, --verbose.
/// `target` outlives the parsing.
void add_client_options(CLI::App& app, client_options& target);

[[nodiscard]] client::options to_client(const client_options& chosen);

} // namespace kodama::apps
