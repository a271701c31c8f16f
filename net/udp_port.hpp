#pragma once

#include "actors/link.hpp"
#include "net/asio_scheduler.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/udp.hpp>

#include <memory>
#include <vector>

namespace kodama::net {

/// The node's UDP socket. Received on shard 0, in batches (recvmmsg); sent by every shard, all of a
/// turn's datagrams with one sendmmsg. Bound to all addresses of the host, it answers each path
/// from that address to which the path's datagrams come: from another one they would be a
/// stranger's, to the client and to every translator on the way.
class udp_port final : public actors::datagram_port {
public:
  [[nodiscard]] static result<std::unique_ptr<udp_port>>
  open(asio_scheduler& scheduler, const boost::asio::ip::udp::endpoint& where);

  udp_port(asio_scheduler& scheduler, boost::asio::ip::udp::socket bound);

  [[nodiscard]] boost::asio::ip::udp::endpoint where() const;
  /// Begins to receive. On shard 0, or before it runs.
  void start();
  void close();

  // actors::datagram_port
  void bind(path_id path, const caf::actor& session) override;
  void unbind(path_id path) override;
  void answer_from(path_id path, const actors::local_address& where) override;
  void send(const address& to, byte_view datagram) override;

private:
  class outbox;
  class path_table;

  void wait_readable();
  std::size_t receive_all();
  /// When every other shard has had a turn: else whoever sends faster than they work would fill
  /// their mailboxes without bound. What comes meanwhile waits in the socket, or is lost there.
  void wait_for_others();

  asio_scheduler& scheduler_;
  boost::asio::ip::udp::socket socket_;
  bool v6_;
  bool is_closed_ = false;
  std::size_t passed_on_ = 0; ///< datagrams since the others last had a turn
  std::shared_ptr<path_table> paths_;
  std::vector<std::shared_ptr<outbox>> outboxes_; // one for each shard
};

/// A node's stand-in where UDP is switched off.
class no_udp_port final : public actors::datagram_port {
public:
  void bind(path_id, const caf::actor&) override {}
  void unbind(path_id) override {}
  void send(const address&, byte_view) override {}
};

} // namespace kodama::net
