#pragma once

#include "net/origin_policy.hpp"
#include "net/tls_context.hpp"
#include "protocol/bytes.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace kodama::net {

/// The layers between a TCP connection and the bytes that our protocols speak: TLS, WebSocket,
/// both, or none. Lives on one shard for life, and says nothing after its user is gone.
class byte_stream {
public:
  /// Who hears when something has come to its end; kept alive by whatever is under way.
  class user : public std::enable_shared_from_this<user> {
  public:
    virtual ~user() = default;
    /// The peer has agreed to every layer; or has not, and why.
    virtual void on_opened(boost::system::error_code failure) = 0;
    /// Bytes, valid within the call; or why none will come any more.
    virtual void on_read(boost::system::error_code failure, byte_view data) = 0;
    virtual void on_written(boost::system::error_code failure) = 0;
    /// Every layer has been closed as it wants to be, or cannot be.
    virtual void on_ended() = 0;
  };

  virtual ~byte_stream() = default;

  /// The connection below all layers.
  [[nodiscard]] virtual boost::asio::ip::tcp::socket& socket() = 0;

  // Each is answered by its call of the user. One of each kind at a time; open() alone at first,
  // and end() when no write is under way.
  virtual void open() = 0;
  virtual void read() = 0;
  /// All of `data`, which stays where it is until the answer.
  virtual void write(byte_view data) = 0;
  virtual void end() = 0;

  /// Whether operations may wait for each other, and keep the user alive, after the connection is
  /// gone. Destroying the stream frees them.
  [[nodiscard]] virtual bool may_hold_itself() const noexcept { return false; }
};

struct websocket_options {
  std::string subprotocol;
  std::size_t message_size_max = 0;
  origin_policy origins;
};

/// The layers of every connection that a listener accepts.
struct stream_layers {
  std::shared_ptr<tls_context> tls; ///< null: none
  std::shared_ptr<const websocket_options> websocket;
  bool proxy_protocol = false;
};

[[nodiscard]] std::unique_ptr<byte_stream> make_byte_stream(boost::asio::ip::tcp::socket socket,
                                                            const stream_layers& layers,
                                                            byte_stream::user& user);

// One for each kind, so that every library's templates are read in one file only.
[[nodiscard]] std::unique_ptr<byte_stream> make_plain_stream(boost::asio::ip::tcp::socket socket,
                                                             byte_stream::user& user);
[[nodiscard]] std::unique_ptr<byte_stream> make_tls_stream(boost::asio::ip::tcp::socket socket,
                                                           std::shared_ptr<tls_context> tls,
                                                           byte_stream::user& user);
/// With TLS below where `tls` is not null.
[[nodiscard]] std::unique_ptr<byte_stream>
make_websocket_stream(boost::asio::ip::tcp::socket socket, std::shared_ptr<tls_context> tls,
                      std::shared_ptr<const websocket_options> options, byte_stream::user& user);

} // namespace kodama::net
