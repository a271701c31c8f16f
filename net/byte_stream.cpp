#include "net/byte_stream.hpp"

#include "net/shard.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace kodama::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// No layer at all: a connection that had a PROXY header before it.
class plain_stream final : public byte_stream {
public:
  plain_stream(tcp::socket socket, user& user)
      : socket_{std::move(socket)}
      , user_{user} {}

  tcp::socket& socket() override { return socket_; }

  void open() override { user_.on_opened({}); }

  void read() override {
    // Waiting first, so that an idle connection needs no place to read to.
    socket_.async_wait(tcp::socket::wait_read,
                       [this, self = user_.shared_from_this()](error_code failure) {
                         if (failure)
                           user_.on_read(failure, {});
                         else
                           read_now();
                       });
  }

  void write(byte_view data) override {
    boost::asio::async_write(socket_, boost::asio::buffer(data.data(), data.size()),
                             [this, self = user_.shared_from_this()](
                                 error_code failure, std::size_t) { user_.on_written(failure); });
  }

  void end() override { user_.on_ended(); }

private:
  void read_now() {
    const auto scratch = shard::current()->scratch();
    error_code failure;
    const auto count =
        socket_.read_some(boost::asio::buffer(scratch.data(), scratch.size()), failure);
    if (failure == boost::asio::error::would_block)
      read();
    else
      user_.on_read(failure, byte_view{scratch}.first(count));
  }

  tcp::socket socket_;
  user& user_;
};

} // namespace

std::unique_ptr<byte_stream> make_plain_stream(tcp::socket socket, byte_stream::user& user) {
  return std::make_unique<plain_stream>(std::move(socket), user);
}

std::unique_ptr<byte_stream> make_byte_stream(tcp::socket socket, const stream_layers& layers,
                                              byte_stream::user& user) {
  if (layers.websocket)
    return make_websocket_stream(std::move(socket), layers.tls, layers.websocket, user);
  if (layers.tls)
    return make_tls_stream(std::move(socket), layers.tls, user);
  return make_plain_stream(std::move(socket), user);
}

} // namespace kodama::net
