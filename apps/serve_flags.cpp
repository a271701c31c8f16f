#include "apps/serve_flags.hpp"

#include "apps/parsed_option.hpp"

#include <chrono>

namespace kodama::apps {
namespace {

/// The name of what --certificate and --key make; no table can have it.
constexpr const char* tls_of_flags = "--certificate";

parsed<std::uint64_t> parse_threads(std::string_view text) {
  return parse_number_within(text, 1, serve_threads_max);
}

/// Its milliseconds.
parsed<std::uint32_t> parse_window(std::string_view text) {
  const auto read = parse_duration(text);
  if (!read)
    return read.error();
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(*read).count();
  if (count < 1 || *read > duration{config_duration_max})
    return refusal{'"' + std::string{text} + "\" is out of range; expected 1ms to 500h"};
  return static_cast<std::uint32_t>(count);
}

void add_certificates(const serve_flags& flags, serve_config& config, config_mistakes& found) {
  if (flags.certificates.size() != flags.keys.size()) {
    found.push_back({{},
                     "--certificate and --key have to be given equally often; they are given " +
                         std::to_string(flags.certificates.size()) + " and " +
                         std::to_string(flags.keys.size()) + " times"});
    return;
  }
  if (flags.certificates.empty())
    return;
  net::tls_options made;
  made.name = tls_of_flags;
  for (std::size_t i = 0; i != flags.keys.size(); ++i)
    made.certificates.push_back({flags.certificates[i], flags.keys[i]});
  config.server.tls.push_back(std::move(made));
}

void add_listener(const serve_flags& flags, const serve_flags::further_listener& wanted,
                  serve_config& config, config_mistakes& found) {
  if (wanted.option->count() == 0)
    return;
  listener_config made;
  made.protocol = &wanted == &flags.http ? net::spoken_protocol::http : net::spoken_protocol::mqtt;
  made.address = wanted.where;
  made.websocket = wanted.websocket;
  made.place.key = wanted.name;
  if (wanted.tls) {
    // Of one table in the file it is clear that it is meant.
    if (!flags.certificates.empty())
      made.tls = tls_of_flags;
    else if (config.server.tls.size() == 1)
      made.tls = config.server.tls.front().name;
    else
      found.push_back({made.place, "needs --certificate FILE and --key FILE"});
  }
  config.listeners.push_back(std::move(made));
}

void add_all(config_mistakes& to, config_mistakes&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

void add_serve_flags(CLI::App& command, serve_flags& flags) {
  command.add_option("--config", flags.config_file, "TOML file")
      ->type_name("FILE")
      ->check(refuse_empty_name);
  flags.has_listen =
      add_parsed_option(command, "--listen", flags.listen, parse_host_port,
                        "TCP and UDP; port 0: any that is free (default: 127.0.0.1:7400)")
          ->type_name("HOST:PORT");
  flags.has_mqtt =
      add_parsed_option(command, "--mqtt", flags.mqtt, parse_host_port,
                        "MQTT 3.1.1 and 5.0; the password is the token, or that of a user in "
                        "--passwords (default: not spoken)")
          ->type_name("HOST:PORT");
  for (auto* each : {&flags.mqtt_tls, &flags.mqtt_ws, &flags.mqtt_wss, &flags.http})
    each->option = add_parsed_option(command, each->name, each->where, parse_host_port, each->help)
                       ->type_name("HOST:PORT");
  command
      .add_option("--certificate", flags.certificates,
                  "For --mqtt-tls and --mqtt-wss: PEM, with its chain; may be repeated")
      ->type_name("FILE")
      ->check(refuse_empty_name)
      ->allow_extra_args(false);
  command.add_option("--key", flags.keys, "The key of each certificate, PEM")
      ->type_name("FILE")
      ->check(refuse_empty_name)
      ->allow_extra_args(false);
  command.add_option("--tokens", flags.tokens_file, "Who may come in: one token a line")
      ->type_name("FILE")
      ->check(refuse_empty_name);
  command
      .add_option("--passwords", flags.passwords_file,
                  "Who may come in: users, as `kodama passwd` writes them")
      ->type_name("FILE")
      ->check(refuse_empty_name);
  flags.has_threads = add_parsed_option(command, "--threads", flags.threads, parse_threads,
                                        "Threads that serve connections (default: 1)")
                          ->type_name("N");
  flags.has_resume_window =
      add_parsed_option(command, "--resume-window", flags.resume_window_ms, parse_window,
                        "How long a session outlives its connection (default: 60s)")
          ->type_name("DURATION");
  command.add_flag("--no-udp", flags.no_udp, "Offer no datagrams");
  add_parsed_option(command, "--log-level", flags.log_level, parse_log_level,
                    "debug, info, warn, error or off")
      ->type_name("LEVEL");
}

config_mistakes load_config(const serve_flags& flags, serve_config& config) {
  config_mistakes found;
  if (!flags.config_file.empty())
    found = read_config(flags.config_file, config);
  if (flags.has_listen->count() != 0) {
    config.listen = flags.listen;
    config.places["listen"] = {"", 0, "--listen"};
  }
  if (flags.has_mqtt->count() != 0) {
    config.mqtt = flags.mqtt;
    config.places["mqtt"] = {"", 0, "--mqtt"};
  }
  add_certificates(flags, config, found);
  for (const auto* each : {&flags.mqtt_tls, &flags.mqtt_ws, &flags.mqtt_wss, &flags.http})
    add_listener(flags, *each, config, found);
  if (!flags.tokens_file.empty())
    config.tokens_file = flags.tokens_file;
  if (!flags.passwords_file.empty())
    config.passwords_file = flags.passwords_file;
  if (flags.has_threads->count() != 0)
    config.server.threads = flags.threads;
  if (flags.has_resume_window->count() != 0)
    config.server.node.session.limits.resume_window_ms = flags.resume_window_ms;
  if (flags.no_udp)
    config.server.udp = false;
  if (!flags.log_level.empty())
    config.log_level = flags.log_level;
  add_all(found, check_everything(config));
  sort_by_line(found);
  return found;
}

} // namespace kodama::apps
