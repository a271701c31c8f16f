#include "net/listener.hpp"

#include "actors/messages.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace kodama::net {

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
  if (!failure)
    acceptor.listen(4096, failure);
  if (failure)
    return failure;
  return acceptor;
}

listener::listener(asio_scheduler& scheduler, const actors::node& node, tcp::acceptor acceptor,
                   connection_count& count)
    : scheduler_{scheduler}
    , node_{node}
    , acceptor_{std::move(acceptor)}
    , pause_{acceptor_.get_executor()}
    , count_{count} {}

void listener::start() {
  accept_next();
}

void listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::accept_next() {
  const auto id = ++last_id_;
  auto& home = scheduler_.at(id % scheduler_.size());
  acceptor_.async_accept(home.io().get_executor(), [this, id, &home](auto failure,
                                                                     tcp_link::socket connected) {
    if (failure == boost::asio::error::operation_aborted)
      return;
    if (failure) {
      // Out of descriptors, most likely. Trying again at once would burn a core for nothing.
      spdlog::warn("accept: {}; trying again in 100 ms", failure.message());
      pause_.expires_after(std::chrono::milliseconds{100});
      pause_.async_wait([this](auto cancelled) {
        if (!cancelled)
          accept_next();
      });
      return;
    }
    const auto connections = ++count_;
    caf::anon_send(
        node_.door(home.index()),
        actors::link_accepted{std::make_shared<tcp_link>(id, std::move(connected), home, count_),
                              connections});
    accept_next();
  });
}

} // namespace kodama::net
