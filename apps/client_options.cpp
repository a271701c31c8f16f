#include "apps/client_options.hpp"

#include "apps/parsed_option.hpp"
#include "apps/token_size.hpp"

#include <chrono>

namespace kodama::apps {
namespace {

using std::chrono::milliseconds;

/// Judged here, but kept as typed: the client resolves the name at every attempt.
parsed<std::string> parse_server(std::string_view text) {
  const auto server = parse_host_port(text);
  if (!server)
    return server.error();
  if (server->port == 0)
    return refusal{'"' + std::string{text} + "\" names no port; expected one from 1 to 65535"};
  return {boost::system::in_place_value, text};
}

parsed<duration> parse_keepalive(std::string_view text) {
  auto keepalive = parse_duration(text);
  if (keepalive && (*keepalive < milliseconds{100} || *keepalive > std::chrono::hours{24}))
    return refusal{'"' + std::string{text} + "\" is out of range; expected 100ms to 24h"};
  return keepalive;
}

} // namespace

void add_client_options(CLI::App& app, client_options& target) {
  add_parsed_option(app, "--connect", target.connect, parse_server,
                    "The server (default: 127.0.0.1:7400)")
      ->type_name("HOST:PORT");
  add_token_option(app, target.token);
  add_parsed_option(app, "--keepalive", target.keepalive, parse_keepalive,
                    "A dead connection is noticed after 1.5 times this long (default: 5s)")
      ->type_name("DURATION");
  app.add_flag("--no-udp", target.no_udp, "Everything by TCP");
  app.add_flag("--verbose", target.verbose,
               "Tell on stderr what the connection does, as on a terminal");
}

void add_token_option(CLI::App& app, std::string& target) {
  app.add_option("--token", target,
                 "Who we are (default: the environment's KODAMA_TOKEN, which `ps` does not show)")
      ->envname("KODAMA_TOKEN")
      ->type_name("TOKEN");
}

parsed<void> check_token(std::string_view token) {
  if (token.size() <= token_size_max())
    return boost::system::in_place_value;
  return refusal{"the token (--token or KODAMA_TOKEN) has " + std::to_string(token.size()) +
                 " bytes; the protocol has room for " + std::to_string(token_size_max())};
}

client::options to_client(const client_options& chosen) {
  client::options options;
  options.server = chosen.connect;
  options.token = chosen.token;
  options.keepalive = std::chrono::duration_cast<milliseconds>(chosen.keepalive);
  options.udp = !chosen.no_udp;
  // A person waits: try again soon.
  options.retry_max = std::chrono::seconds{2};
  return options;
}

} // namespace kodama::apps
