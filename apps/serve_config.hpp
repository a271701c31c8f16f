#pragma once

#include "apps/config_mistake.hpp"
#include "apps/units.hpp"
#include "net/server.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kodama::apps {

constexpr std::size_t serve_threads_max = 256;
/// Milliseconds of it fit into 31 bits, and into what the protocol tells of some of them.
constexpr std::chrono::hours config_duration_max{500};

/// A [[listener]], with where it stands, for what is found wrong with it later.
struct listener_config {
  net::spoken_protocol protocol = net::spoken_protocol::native;
  host_port address;
  std::string tls;
  bool websocket = false;
  bool proxy_protocol = false;
  config_place place;
};

/// What a configuration file and the flags of `kodama serve` say together.
struct serve_config {
  host_port listen{"127.0.0.1", 7400};
  std::optional<host_port> mqtt; ///< none: MQTT is not spoken
  std::vector<listener_config> listeners;
  std::string tokens_file;
  std::string passwords_file;
  std::string log_level = "info";
  net::server_options server;
  /// Where each [tls.NAME] stands.
  std::map<std::string, config_place, std::less<>> tls_places;
  /// Where each [users.NAME] stands, [anonymous], and each [[jwt]].
  std::map<std::string, config_place, std::less<>> user_places;
  config_place guest_place;
  std::vector<config_place> jwt_places;
  std::vector<std::string> jwt_files; ///< the key of each; empty: it stands in the file itself
  /// Every value of the file as it is written there, by its key: what a later reading differs in.
  std::map<std::string, std::string, std::less<>> written;
  /// Where each of these stands; of one that a flag has replaced, the flag.
  std::map<std::string, config_place, std::less<>> places;
};

/// Where the value of a key has come from; the key alone where nobody has given one.
[[nodiscard]] config_place place_of(const serve_config& config, const std::string& key);

/// Reads a TOML file over `config`, to its end, whatever is wrong on the way: unknown keys too,
/// since a misspelt limit is no limit. The reference of all keys is docs/operations.md.
[[nodiscard]] config_mistakes read_config(const std::string& file, serve_config& config);

/// Contradictions between values that are each in range: names both.
[[nodiscard]] config_mistakes check_config(const serve_config& config);

/// Reads tokens, passwords and keys from their files into `config.server.accounts`, and sees
/// whether every plan is there.
[[nodiscard]] config_mistakes load_accounts(serve_config& config);

/// Whether the counts of `usage_file` can be kept there, found out without touching it. Otherwise
/// that would be seen when the first of them are to be written.
[[nodiscard]] config_mistakes check_usage_file(const serve_config& config);

/// Resolves the addresses into `config.server`; without tokens only loopback is served, and none is
/// served twice.
[[nodiscard]] config_mistakes resolve_addresses(serve_config& config);

/// The tokens, the contradictions, the usage file, the addresses, once everything has been said.
[[nodiscard]] config_mistakes check_everything(serve_config& config);

/// Reads the certificates and keys, to see whether they can be used.
[[nodiscard]] config_mistakes check_certificates(const serve_config& config);

} // namespace kodama::apps
