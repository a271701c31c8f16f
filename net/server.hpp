#pragma once

#include "actors/options.hpp"
#include "net/account_options.hpp"
#include "net/listener_options.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kodama::net {

/// What a running server takes over when its configuration is read again.
struct reloaded {
  account_options accounts;
  std::vector<tls_options> tls;
};

/// What `kodama serve` runs.
struct server_options {
  boost::asio::ip::address host = boost::asio::ip::address_v4::loopback();
  std::uint16_t port = 7400; ///< TCP and UDP; 0: any free one
  bool udp = true;
  /// Where MQTT is spoken, if it is.
  std::optional<boost::asio::ip::tcp::endpoint> mqtt;
  std::vector<listener_options> listeners; ///< besides these two
  std::vector<tls_options> tls;
  std::size_t threads = 1;
  account_options accounts; ///< nobody named: everybody on this machine may come in
  /// Of the web pages that may come in by WebSocket or HTTP, as origin_policy has it. Empty: all;
  /// where nobody is named in `accounts`, only pages of this machine.
  std::vector<std::string> origins;
  std::string usage_file; ///< where it is kept what accounts have used; empty: nowhere
  actors::node_options node;
  /// From SIGTERM to the exit at the latest.
  std::chrono::milliseconds shutdown_max{4'000};
  /// Called for every SIGHUP, on the first thread: reads the configuration again; nothing where it
  /// cannot be used, which it has said then.
  std::function<std::optional<reloaded>()> reload;
};

/// The real ports.
struct listening {
  std::uint16_t port = 0; ///< of the native listener
  std::string text;       ///< of all: "native=127.0.0.1:7400 mqtt=127.0.0.1:1883"
};

/// The server on sockets: sets everything up, serves until SIGTERM or SIGINT, tells every client
/// that it is going away, flushes, and returns.
///
/// `ready` is called once, when clients can connect. A sentence means that it never served: an
/// address could not be bound, a certificate could not be read.
[[nodiscard]] boost::system::result<void, std::string>
serve(const server_options& options, const std::function<void(const listening&)>& ready);

} // namespace kodama::net
