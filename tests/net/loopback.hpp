#pragma once

#include "net/flaky_proxy.hpp"
#include "protocol/bytes.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace kodama::net::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

/// Runs handlers until `done`, or until `bound` has passed without it.
inline bool run_until(asio::io_context& context, const std::function<bool()>& done,
                      std::chrono::milliseconds bound = std::chrono::seconds{5}) {
  const auto end = clock::now() + bound;
  // The context never runs out of work, and wakes up to look at the clock.
  const auto work = asio::make_work_guard(context);
  while (!done() && clock::now() < end) {
    context.restart();
    context.run_one_until(end);
  }
  return done();
}

inline tcp::endpoint loopback() {
  return {asio::ip::address_v4::loopback(), 0};
}

/// One end of a TCP connection: reads all there is, and remembers how it ended.
class tcp_peer : public std::enable_shared_from_this<tcp_peer> {
public:
  explicit tcp_peer(tcp::socket socket)
      : socket_{std::move(socket)} {}

  void connect(const tcp::endpoint& to) {
    socket_.async_connect(to, [self = shared_from_this()](const error_code& error) {
      if (error)
        self->ended_ = error;
      else
        self->read();
    });
  }

  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error) {
                                self->ended_ = error;
                                if (error == asio::error::eof && self->echoing_)
                                  self->shut_when_written();
                                return;
                              }
                              const auto data = byte_view{self->buffer_}.first(size);
                              append(self->received_, data);
                              if (self->echoing_)
                                self->write(bytes(data.begin(), data.end()));
                              self->read();
                            });
  }

  void write(bytes data) {
    output_.push_back(std::move(data));
    if (output_.size() == 1)
      write_first();
  }

  /// Sends everything back, and the end as well.
  void echo() {
    echoing_ = true;
    read();
  }

  void shut_when_written() {
    shut_ = true;
    if (output_.empty()) {
      error_code ignored;
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }
  }

  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

  [[nodiscard]] const bytes& received() const { return received_; }
  [[nodiscard]] const std::optional<error_code>& ended() const { return ended_; }
  [[nodiscard]] bool written() const { return output_.empty(); }

private:
  void write_first() {
    asio::async_write(socket_, asio::buffer(output_.front()),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->output_.pop_front();
                        if (error)
                          return;
                        if (!self->output_.empty())
                          self->write_first();
                        else if (self->shut_)
                          self->shut_when_written();
                      });
  }

  tcp::socket socket_;
  std::array<std::byte, 8192> buffer_;
  bytes received_;
  std::deque<bytes> output_;
  bool echoing_ = false;
  bool shut_ = false;
  std::optional<error_code> ended_;
};

/// Accepts everybody, and echoes unless told not to.
class tcp_server {
public:
  explicit tcp_server(asio::io_context& context, const tcp::endpoint& where = loopback(),
                      bool echoing = true)
      : acceptor_{context, where}
      , echoing_{echoing} {
    accept();
  }

  [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  std::vector<std::shared_ptr<tcp_peer>> peers;

private:
  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error)
        return;
      peers.push_back(std::make_shared<tcp_peer>(std::move(socket)));
      if (echoing_)
        peers.back()->echo();
      accept();
    });
  }

  tcp::acceptor acceptor_;
  bool echoing_;
};

/// A UDP socket that remembers what came, from where, in which order.
class udp_peer {
public:
  explicit udp_peer(asio::io_context& context, const udp::endpoint& where)
      : socket_{context, where} {
    // A burst of a whole test must fit, or the kernel loses what the proxy did not.
    socket_.set_option(udp::socket::receive_buffer_size{1 << 20});
    receive();
  }

  void send(const udp::endpoint& to, byte_view data) {
    socket_.send_to(asio::buffer(data.data(), data.size()), to);
  }
  /// A datagram of `size` bytes, at least 4, that begins with `number`.
  void send(const udp::endpoint& to, std::uint32_t number, std::size_t size = 4) {
    bytes datagram(size);
    store_big(datagram.data(), number);
    send(to, datagram);
  }

  [[nodiscard]] udp::endpoint endpoint() const { return socket_.local_endpoint(); }

  bool echoing = false;
  std::vector<std::uint32_t> numbers;
  std::vector<udp::endpoint> senders;

private:
  void receive() {
    socket_.async_receive_from(asio::buffer(buffer_), from_,
                               [this](const error_code& error, std::size_t size) {
                                 if (error == asio::error::operation_aborted)
                                   return;
                                 if (!error && size >= 4)
                                   take(size);
                                 receive();
                               });
  }

  void take(std::size_t size) {
    numbers.push_back(load_big<std::uint32_t>(buffer_.data()));
    senders.push_back(from_);
    if (echoing)
      send(from_, byte_view{buffer_}.first(size));
  }

  udp::socket socket_;
  udp::endpoint from_;
  std::array<std::byte, 64 * 1024> buffer_;
};

} // namespace kodama::net::testing
