#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::net {

/// A certificate with its chain, and the key to it, as PEM files.
struct certificate_files {
  std::string certificate;
  std::string key;

  bool operator==(const certificate_files&) const = default;
};

/// What listeners with TLS show to their clients, and what they ask of them.
struct tls_options {
  std::string name; ///< by which listeners refer to it
  /// The first is for clients that name no host, or one that no certificate is for.
  std::vector<certificate_files> certificates;
  std::string client_ca; ///< PEM file; empty: no client certificate is asked for
  bool require_client_certificate = false;

  bool operator==(const tls_options&) const = default;
};

enum class spoken_protocol { native, mqtt, http };

/// One address where connections are accepted, and through which layers they come.
struct listener_options {
  spoken_protocol protocol = spoken_protocol::native;
  boost::asio::ip::tcp::endpoint address;
  std::string tls; ///< name of a tls_options; empty: none
  bool websocket = false;
  /// Every connection begins with a header of the PROXY protocol, version 2. Whoever can connect
  /// can then claim any address: only for listeners that nobody but the proxy reaches.
  bool proxy_protocol = false;

  bool operator==(const listener_options&) const = default;
};

/// What is spoken there, as the ready line names it: "mqtt", "mqtts", "mqtt-ws", "mqtt-wss",
/// "native", "native-tls", "native-ws", "native-wss", "http", "https".
[[nodiscard]] std::string_view name_of(const listener_options& listener) noexcept;

} // namespace kodama::net
