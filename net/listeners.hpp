#pragma once

#include "actors/node.hpp"
#include "net/listener.hpp"
#include "net/listener_options.hpp"
#include "net/origin_policy.hpp"
#include "net/stream_pump.hpp"

#include <boost/asio/ip/udp.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::net {

/// All addresses where a node accepts connections, and the certificates that it shows there.
/// Belongs to shard 0.
class listeners {
public:
  /// Why an address or a certificate cannot be served, as a sentence.
  using outcome = boost::system::result<void, std::string>;

  /// `origins`: of whoever comes by WebSocket.
  listeners(asio_scheduler& scheduler, connection_counts& counts, origin_policy origins)
      : scheduler_{scheduler}
      , counts_{counts}
      , origins_{std::move(origins)} {}

  /// Reads the certificates, before any listener asks for them by name.
  [[nodiscard]] outcome load(const std::vector<tls_options>& wanted);
  /// Binds and listens; nothing is accepted before start().
  [[nodiscard]] outcome add(const listener_options& options, std::size_t message_size_max);
  /// With a socket that listens already.
  void add(const listener_options& options, boost::asio::ip::tcp::acceptor acceptor,
           std::size_t message_size_max);
  /// `gateways`: who speaks HTTP, one per home; `datagrams`: where the node receives them.
  void start(const actors::node& node, const std::vector<caf::actor>& gateways,
             const std::optional<boost::asio::ip::udp::endpoint>& datagrams);
  void close();

  /// Reads the certificates again, for connections to come. Of those that cannot be used the log
  /// tells why, and what was served before is kept.
  void reload(const std::vector<tls_options>& wanted);

  /// "native=127.0.0.1:7400 mqtts=127.0.0.1:8883": the real ports, in the order of add().
  [[nodiscard]] std::string text() const;

private:
  struct place {
    listener_options options;
    boost::asio::ip::tcp::endpoint real;
    boost::asio::ip::tcp::acceptor acceptor;
    stream_layers layers; ///< but for the certificates, which may change
  };

  [[nodiscard]] listener::link_factory factory_of(const place& at);

  asio_scheduler& scheduler_;
  connection_counts& counts_;
  origin_policy origins_;
  std::map<std::string, std::shared_ptr<tls_context>, std::less<>> contexts_;
  std::vector<std::unique_ptr<place>> places_;
  std::vector<std::unique_ptr<listener>> running_;
};

} // namespace kodama::net
