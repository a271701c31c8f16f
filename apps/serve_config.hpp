#pragma once

#include "apps/units.hpp"
#include "net/server.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kodama::apps {

/// What a configuration file and the flags of `kodama serve` say together.
struct serve_config {
  host_port listen{"127.0.0.1", 7400};
  std::optional<host_port> mqtt; ///< none: MQTT is not spoken
  std::string tokens_file;
  std::string log_level = "info";
  net::server_options server;
};

/// Reads a TOML file over `config`. A refusal names file, line and key, what is wrong with it and
/// what was expected; unknown keys are refused too, since a misspelt limit is no limit.
/// The reference of all keys is docs/operations.md.
[[nodiscard]] parsed<void> read_config(const std::string& file, serve_config& config);

/// Contradictions between values that are each in range: names both.
[[nodiscard]] parsed<void> check_config(const serve_config& config);

/// One token a line; empty lines and lines that begin with '#' do not count.
[[nodiscard]] parsed<std::vector<std::string>> read_tokens(const std::string& file);

} // namespace kodama::apps
