#pragma once

#include "net/flaky_fate.hpp"
#include "net/flaky_options.hpp"
#include "net/flaky_pace.hpp"
#include "net/flaky_statistics.hpp"
#include "protocol/bytes.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

namespace kodama::net {

/// One TCP connection through a flaky_proxy, from accept to its bad or good end.
///
/// Its handlers keep it alive; `on_end` is called exactly once, when nothing is open any more, and
/// only until then are `options` and `counted` used. Runs on the context of `client`, one thread.
class flaky_connection : public std::enable_shared_from_this<flaky_connection> {
public:
  flaky_connection(boost::asio::ip::tcp::socket client, std::uint64_t index,
                   const flaky_options& options, flaky_statistics& counted,
                   std::function<void()> on_end);

  /// Connects to the server, then forwards until something ends it.
  void start();
  /// Resets both sides.
  void stop();

private:
  enum class stage { connecting, forwarding, half_open, ended };

  struct chunk {
    bytes data;
    flaky_pace::clock::time_point departure;
  };

  /// One direction.
  struct lane {
    lane(boost::asio::ip::tcp::socket& source, boost::asio::ip::tcp::socket& target,
         splitmix64 stream, std::uint64_t bandwidth, std::uint64_t& count);

    boost::asio::ip::tcp::socket& from;
    boost::asio::ip::tcp::socket& to;
    splitmix64 random;
    flaky_pace pace;
    std::uint64_t& forwarded;
    boost::asio::steady_timer departure;
    std::deque<chunk> queue;
    std::size_t queued = 0; ///< bytes in `queue`
    bool reading = false;
    bool writing = false;  ///< or waiting for the departure of the first
    bool finished = false; ///< `from` has sent its last byte
    bool closed = false;   ///< and `to` has been told
    std::array<std::byte, 16 * 1024> buffer;
  };

  void handle_connected(const boost::system::error_code& error);
  void read(lane& way);
  void handle_read(lane& way, const boost::system::error_code& error, std::size_t size);
  void send(lane& way);
  void write(lane& way);
  void handle_written(lane& way, const boost::system::error_code& error);
  void finish(lane& way);
  void cut();
  void forget(lane& way);
  void swallow(lane& way);
  void reset(boost::asio::ip::tcp::socket& socket);
  void end();
  void check() const;

  const flaky_options& options_;
  flaky_statistics& counted_;
  std::function<void()> on_end_;
  stage stage_ = stage::connecting;
  connection_fate fate_;
  boost::asio::ip::tcp::socket client_;
  boost::asio::ip::tcp::socket server_;
  boost::asio::steady_timer deadline_; ///< of the stage
  lane up_;
  lane down_;
};

} // namespace kodama::net
