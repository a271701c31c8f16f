#pragma once

#include "apps/serve_config.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace kodama::apps {

/// What the flags of `kodama serve` say; they win over the file.
struct serve_flags {
  /// A further address, with the layers that its name says.
  struct further_listener {
    const char* name;
    const char* help;
    bool tls;
    bool websocket;
    host_port where{};
    CLI::Option* option = nullptr;
  };

  std::string config_file;
  host_port listen;
  host_port mqtt;
  further_listener mqtt_tls{"--mqtt-tls", "MQTT over TLS (default: not spoken)", true, false};
  further_listener mqtt_ws{"--mqtt-ws", "MQTT over WebSocket (default: not spoken)", false, true};
  further_listener mqtt_wss{"--mqtt-wss", "MQTT over WebSocket and TLS (default: not spoken)", true,
                            true};
  further_listener http{"--http", "HTTP: publishing, lists, health, metrics (default: not spoken)",
                        false, false};
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
  std::string tokens_file;
  std::string passwords_file;
  std::uint64_t threads = 1;
  std::uint32_t resume_window_ms = 0;
  bool no_udp = false;
  std::string log_level;
  CLI::Option* has_listen = nullptr;
  CLI::Option* has_mqtt = nullptr;
  CLI::Option* has_resume_window = nullptr;
  CLI::Option* has_threads = nullptr;
};

/// Adds them to the subcommand; `flags` outlives it.
void add_serve_flags(CLI::App& command, serve_flags& flags);

/// The file, the flags over it, the tokens, the addresses: all that is wrong with any of them.
[[nodiscard]] config_mistakes load_config(const serve_flags& flags, serve_config& config);

} // namespace kodama::apps
