#pragma once

#include "net/flaky_connection.hpp"
#include "net/flaky_options.hpp"
#include "net/flaky_statistics.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>

namespace kodama::net {

/// The TCP half of a flaky_proxy: accepts, and keeps one flaky_connection for each client.
/// `options` and `counted` are used until stop(), which the owner calls; only handlers that have
/// nothing left to do keep it alive after that.
class flaky_tcp : public std::enable_shared_from_this<flaky_tcp> {
public:
  flaky_tcp(boost::asio::io_context& context, const flaky_options& options,
            flaky_statistics& counted);

  /// Returns the endpoint with its real port.
  [[nodiscard]] result<boost::asio::ip::tcp::endpoint> open();
  void close();
  void start() { accept(); }
  void stop();

private:
  void accept();
  void adopt(boost::asio::ip::tcp::socket client);

  const flaky_options& options_;
  flaky_statistics& counted_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  bool stopped_ = false;
  std::uint64_t next_index_ = 0;
  std::map<std::uint64_t, std::shared_ptr<flaky_connection>> connections_;
};

} // namespace kodama::net
