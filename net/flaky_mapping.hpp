#pragma once

#include "net/flaky_fate.hpp"
#include "net/flaky_options.hpp"
#include "net/flaky_pace.hpp"
#include "net/flaky_statistics.hpp"
#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>

namespace kodama::net {

/// One UDP client of a flaky_proxy, as a NAT sees it: a socket towards the server whose port stands
/// for the client, and the fate of each datagram in either direction.
///
/// Its handlers keep it alive; until stop(), which the owner calls, `options`, `counted` and
/// `scratch` are used and `to_client` is called. Runs on one thread.
class flaky_mapping : public std::enable_shared_from_this<flaky_mapping> {
public:
  using deliver = std::function<void(byte_view)>;

  /// `scratch` is room for the longest datagram there is, shared by all mappings.
  flaky_mapping(boost::asio::io_context& context, std::uint64_t index, const flaky_options& options,
                flaky_statistics& counted, std::span<std::byte> scratch, deliver to_client);

  /// An error when the system gives us no socket.
  [[nodiscard]] result<void> start();
  void stop();

  /// The client sent this.
  void handle_datagram(byte_view datagram);

  [[nodiscard]] flaky_pace::clock::time_point last_used() const noexcept { return last_used_; }

private:
  using socket = boost::asio::ip::udp::socket;

  /// One direction. A multimap keeps what leaves at the same time in the order of its arrival.
  struct lane {
    lane(boost::asio::io_context& context, splitmix64 stream, std::uint64_t bandwidth,
         std::uint64_t& count);

    splitmix64 random;
    flaky_pace pace;
    std::uint64_t& forwarded;
    boost::asio::steady_timer departure;
    std::multimap<flaky_pace::clock::time_point, bytes> queue;
    std::size_t queued = 0; ///< bytes in `queue`
  };

  [[nodiscard]] result<std::shared_ptr<socket>> open();
  void receive(const std::shared_ptr<socket>& from);
  void schedule_rebind();
  void rebind();
  void take(lane& way, byte_view datagram);
  void push(lane& way, flaky_pace::clock::time_point when, byte_view datagram);
  void send_due(lane& way);
  void send(lane& way, byte_view datagram);
  void send_up(byte_view datagram);
  void check() const;

  boost::asio::io_context& context_;
  const flaky_options& options_;
  flaky_statistics& counted_;
  std::span<std::byte> scratch_;
  deliver to_client_;
  bool stopped_ = false;
  flaky_pace::clock::time_point last_used_;
  /// Shared with the handler that waits for it: after a rebinding that one must find its own
  /// socket.
  std::shared_ptr<socket> server_;
  splitmix64 rebind_random_;
  boost::asio::steady_timer rebind_;
  lane up_;
  lane down_;
};

} // namespace kodama::net
