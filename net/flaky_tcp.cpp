#include "net/flaky_tcp.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <utility>

namespace kodama::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Out of file descriptors, accepting fails at once and would fail for ever.
constexpr auto accept_retry = std::chrono::milliseconds{50};

} // namespace

flaky_tcp::flaky_tcp(boost::asio::io_context& context, const flaky_options& options,
                     flaky_statistics& counted)
    : options_{options}
    , counted_{counted}
    , acceptor_{context}
    , retry_{context} {}

result<tcp::endpoint> flaky_tcp::open() {
  error_code error;
  acceptor_.open(options_.listen.protocol(), error);
  if (!error)
    acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error && options_.listen.address().is_v6())
    acceptor_.set_option(boost::asio::ip::v6_only{false}, error);
  if (!error)
    acceptor_.bind(options_.listen, error);
  if (!error)
    acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    close();
    return error;
  }
  return acceptor_.local_endpoint();
}

void flaky_tcp::close() {
  error_code ignored; // The descriptor is gone either way.
  acceptor_.close(ignored);
}

void flaky_tcp::stop() {
  stopped_ = true;
  close();
  retry_.cancel();
  // Each one that ends looks itself up in the map.
  const auto ending = std::exchange(connections_, {});
  for (const auto& [index, connection] : ending)
    connection->stop();
}

void flaky_tcp::accept() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket client) {
    if (self->stopped_)
      return;
    if (!error) {
      self->adopt(std::move(client));
      self->accept();
      return;
    }
    self->retry_.expires_after(accept_retry);
    self->retry_.async_wait([self](const error_code&) {
      if (!self->stopped_)
        self->accept();
    });
  });
}

void flaky_tcp::adopt(tcp::socket client) {
  const auto index = next_index_++;
  ++counted_.connections;
  const auto connection = std::make_shared<flaky_connection>(
      std::move(client), index, options_, counted_, [this, index] { connections_.erase(index); });
  connections_.emplace(index, connection);
  connection->start();
}

} // namespace kodama::net
