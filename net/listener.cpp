#include "net/listener.hpp"

#include "actors/messages.hpp"
#include "net/watched_socket.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace kodama::net {
namespace {

constexpr int accepted_per_turn = 256;

} // namespace

using boost::asio::ip::tcp;

result<tcp::acceptor> listener::open(shard& home, const tcp::endpoint& where) {
  tcp::acceptor acceptor{home.io()};
  boost::system::error_code failure;
  acceptor.open(where.protocol(), failure);
  if (!failure)
    acceptor.set_option(tcp::acceptor::reuse_address{true}, failure);
  if (!failure && where.protocol() == tcp::v6())
    acceptor.set_option(boost::asio::ip::v6_only{false}, failure);
  if (!failure)
    acceptor.bind(where, failure);
  watched_socket::prepare(acceptor);
  if (!failure)
    acceptor.non_blocking(true, failure);
  if (!failure)
    acceptor.listen(4096, failure);
  if (failure)
    return failure;
  return acceptor;
}

listener::listener(asio_scheduler& scheduler, door_of door, tcp::acceptor acceptor,
                   link_factory make_link, connection_counts& counts,
                   std::optional<std::uint16_t> datagram_port)
    : scheduler_{scheduler}
    , door_{std::move(door)}
    , acceptor_{std::move(acceptor)}
    , pause_{acceptor_.get_executor()}
    , make_link_{std::move(make_link)}
    , counts_{counts}
    , datagram_port_{datagram_port} {}

void listener::start() {
  wait();
}

void listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](auto failure) {
    if (failure != boost::asio::error::operation_aborted)
      accept_all();
  });
}

void listener::accept_all() {
  for (int i = 0; i != accepted_per_turn; ++i) {
    const int descriptor =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      welcome(descriptor);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait();
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      pause(errno);
      return;
    }
  }
  wait(); // comes at once when there are more, after everybody else's turn
}

void listener::welcome(int descriptor) {
  const auto id = ++counts_.last_link;
  auto& home = scheduler_.at(id % scheduler_.size());
  const auto connections = ++counts_.open;
  caf::anon_send(door_(home.index()), actors::link_accepted{make_link_(id, descriptor, home),
                                                            connections, datagram_port_});
}

void listener::pause(int why) {
  // Out of descriptors, most likely. Trying again at once would burn a core for nothing.
  spdlog::warn("accept: {}; trying again in 100 ms", std::strerror(why));
  pause_.expires_after(std::chrono::milliseconds{100});
  pause_.async_wait([this](auto cancelled) {
    if (!cancelled)
      accept_all();
  });
}

} // namespace kodama::net
