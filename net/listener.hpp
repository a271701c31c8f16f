#pragma once

#include "actors/link.hpp"
#include "net/asio_scheduler.hpp"
#include "net/connection_counts.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>

namespace kodama::net {

/// Accepts TCP connections on shard 0 and hands each to the door of the next shard in turn.
class listener {
public:
  /// Binds and listens, so that errors show before anything runs. [::] takes IPv4 too.
  [[nodiscard]] static result<boost::asio::ip::tcp::acceptor>
  open(shard& home, const boost::asio::ip::tcp::endpoint& where);

  /// Where the connections of each home go: whoever speaks the protocol that is spoken here.
  using door_of = std::function<const caf::actor&(std::size_t home)>;
  /// Makes a link of a connected socket that does not block and is counted already.
  using link_factory =
      std::function<actors::link_ptr(actors::link_id id, int descriptor, shard& home)>;

  listener(asio_scheduler& scheduler, door_of door, boost::asio::ip::tcp::acceptor acceptor,
           link_factory make_link, connection_counts& counts,
           std::optional<std::uint16_t> datagram_port);

  /// Begins to accept. On shard 0, or before it runs.
  void start();
  /// No further connection. On shard 0.
  void close();

private:
  void wait();
  void accept_all();
  void welcome(int descriptor);
  void pause(int why);

  asio_scheduler& scheduler_;
  door_of door_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  link_factory make_link_;
  connection_counts& counts_;
  std::optional<std::uint16_t> datagram_port_; ///< as in actors::link_accepted
};

} // namespace kodama::net
