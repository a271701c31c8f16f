#pragma once

#include "net/flaky_mapping.hpp"
#include "net/flaky_options.hpp"
#include "net/flaky_statistics.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

namespace kodama::net {

/// The UDP half of a flaky_proxy: one socket towards all clients, one flaky_mapping for each.
/// `options` and `counted` are used until stop(), which the owner calls; only handlers that have
/// nothing left to do keep it alive after that.
class flaky_udp : public std::enable_shared_from_this<flaky_udp> {
public:
  flaky_udp(boost::asio::io_context& context, const flaky_options& options,
            flaky_statistics& counted);

  [[nodiscard]] result<void> open(const boost::asio::ip::udp::endpoint& where);
  void start();
  void stop();

private:
  void receive();
  void handle_datagram(const boost::asio::ip::udp::endpoint& from, byte_view datagram);
  [[nodiscard]] flaky_mapping* find_or_add(const boost::asio::ip::udp::endpoint& client);
  void send(const boost::asio::ip::udp::endpoint& client, byte_view datagram);
  void expire();
  void check() const;

  boost::asio::io_context& context_;
  const flaky_options& options_;
  flaky_statistics& counted_;
  boost::asio::ip::udp::socket clients_;
  boost::asio::steady_timer expiry_;
  bool stopped_ = false;
  std::uint64_t next_index_ = 0;
  std::map<boost::asio::ip::udp::endpoint, std::shared_ptr<flaky_mapping>> mappings_;
  std::array<std::byte, 64 * 1024> scratch_;
};

} // namespace kodama::net
