#pragma once

#include "net/flaky_options.hpp"
#include "net/flaky_statistics.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace kodama::net {

class flaky_tcp;
class flaky_udp;

/// A bad network to put between any client and its server: forwards TCP and UDP and misbehaves on
/// purpose, by seed (flaky_options says how, flaky_fate.hpp what a seed fixes).
///
/// `context` is run by the owner, in one thread, and outlives the proxy. An error of start() is the
/// system's about the listening sockets; afterwards nothing fails, connections merely end.
class flaky_proxy {
public:
  flaky_proxy(boost::asio::io_context& context, const flaky_options& options);
  flaky_proxy(const flaky_proxy&) = delete;
  flaky_proxy& operator=(const flaky_proxy&) = delete;
  ~flaky_proxy();

  /// Called once.
  [[nodiscard]] result<void> start();
  /// Resets all connections and leaves nothing to wait for. May be called again.
  void stop();

  /// Where clients connect to, with the real port; valid after start().
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& listening() const noexcept {
    return listening_;
  }
  [[nodiscard]] const flaky_statistics& statistics() const noexcept { return counted_; }

private:
  const flaky_options options_;
  flaky_statistics counted_;
  boost::asio::ip::tcp::endpoint listening_;
  std::shared_ptr<flaky_tcp> tcp_;
  std::shared_ptr<flaky_udp> udp_;
};

} // namespace kodama::net
