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

  /// Where the connections of one home go: the door for the protocol that is spoken here.
  using door_of = const caf::actor& (actors::node::*)(std::size_t home) const;
  /// What all listeners of a node count together.
  struct counters {
    connection_count open{0};
    actors::link_id last_link = 0; ///< on shard 0
  };

  listener(asio_scheduler& scheduler, const actors::node& node, door_of door,
           boost::asio::ip::tcp::acceptor acceptor, counters& counts);

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
  door_of door_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  counters& counts_;
};

} // namespace kodama::net
