#pragma once

#include "actors/node.hpp"
#include "net/asio_scheduler.hpp"
#include "net/tcp_link.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace kodama::net {

/// Accepts TCP connections on shard 0 and hands each to the door of the next shard in turn.
class listener {
public:
  /// Binds and listens, so that errors show before anything runs. [::] takes IPv4 too.
  [[nodiscard]] static result<boost::asio::ip::tcp::acceptor>
  open(shard& home, const boost::asio::ip::tcp::endpoint& where);

  listener(asio_scheduler& scheduler, const actors::node& node,
           boost::asio::ip::tcp::acceptor acceptor, connection_count& count);

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
  const actors::node& node_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  connection_count& count_;
  actors::link_id last_id_ = 0;
};

} // namespace kodama::net
