#pragma once

#include "actors/options.hpp"
#include "net/account_options.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kodama::net {

/// What `kodama serve` runs.
struct server_options {
  boost::asio::ip::address host = boost::asio::ip::address_v4::loopback();
  std::uint16_t port = 7400; ///< TCP and UDP; 0: any free one
  bool udp = true;
  /// Where MQTT is spoken, if it is.
  std::optional<boost::asio::ip::tcp::endpoint> mqtt;
  std::size_t threads = 1;
  account_options accounts; ///< nobody named: everybody on this machine may come in
  std::string usage_file;   ///< where it is kept what accounts have used; empty: nowhere
  actors::node_options node;
  /// From SIGTERM to the exit at the latest.
  std::chrono::milliseconds shutdown_max{4'000};
};

/// The real ports.
struct listening {
  std::uint16_t port = 0;
  std::optional<std::uint16_t> mqtt;
};

/// The server on sockets: sets everything up, serves until SIGTERM or SIGINT, tells every client
/// that it is going away, flushes, and returns.
///
/// `ready` is called once, when clients can connect. An error means that it never served: an
/// address could not be bound.
[[nodiscard]] result<void> serve(const server_options& options,
                                 const std::function<void(const listening&)>& ready);

} // namespace kodama::net
