#include "apps/bench_echo.hpp"

#include "apps/bench_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <vector>

namespace kodama::apps::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class echo_connection;
using audience = std::vector<std::shared_ptr<echo_connection>>;
using audiences = std::map<std::uint32_t, audience>;

class echo_connection : public std::enable_shared_from_this<echo_connection> {
public:
  echo_connection(tcp::socket socket, audiences& topics)
      : socket_{std::move(socket)}
      , topics_{topics} {
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
  }

  void start() {
    asio::async_read(socket_, asio::buffer(&greeting_, sizeof greeting_),
                     [self = shared_from_this()](error_code failure, std::size_t) {
                       if (!failure)
                         self->welcome();
                     });
  }

private:
  void welcome() {
    if (greeting_.subscribes != 0)
      topics_[greeting_.topic].push_back(shared_from_this());
    const auto read_on = [self = shared_from_this()](error_code failure, std::size_t) {
      if (!failure)
        self->read();
    };
    asio::async_write(socket_, asio::buffer(&greeting_, sizeof greeting_), read_on);
  }

  void read() {
    socket_.async_read_some(asio::buffer(data_),
                            [self = shared_from_this()](error_code failure, std::size_t size) {
                              if (failure)
                                self->leave();
                              else
                                self->pass_on(size);
                            });
  }

  /// A later run of the same topics must not be sent to the dead.
  void leave() {
    if (greeting_.subscribes != 0)
      std::erase(topics_[greeting_.topic], shared_from_this());
  }

  void pass_on(std::size_t size) {
    const auto& to = topics_[greeting_.topic];
    writing_ = to.size();
    for (const auto& each : to)
      asio::async_write(each->socket_, asio::buffer(data_.data(), size),
                        [self = shared_from_this()](error_code, std::size_t) {
                          if (--self->writing_ == 0)
                            self->read();
                        });
  }

  tcp::socket socket_;
  audiences& topics_;
  relay_greeting greeting_;
  std::array<std::byte, 64 * 1024> data_;
  std::size_t writing_ = 0;
};

void accept(tcp::acceptor& acceptor, audiences& topics) {
  acceptor.async_accept([&](error_code failure, tcp::socket connected) {
    if (!failure)
      std::make_shared<echo_connection>(std::move(connected), topics)->start();
    accept(acceptor, topics);
  });
}

} // namespace

void run_echo(const std::function<void(std::uint16_t)>& ready) {
  // Ends as it lives: without a word. It may have inherited a handler.
  std::signal(SIGTERM, SIG_DFL);
  asio::io_context context{1};
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  audiences topics;
  accept(acceptor, topics);
  ready(acceptor.local_endpoint().port());
  context.run();
}

} // namespace kodama::apps::bench
