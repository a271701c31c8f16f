#include "net/flaky_proxy.hpp"

#include "net/flaky_tcp.hpp"
#include "net/flaky_udp.hpp"

#include <boost/asio/error.hpp>

namespace kodama::net {
namespace {

// A port that is free for TCP is nearly always free for UDP too.
constexpr int free_port_attempts_max = 16;

} // namespace

flaky_proxy::flaky_proxy(boost::asio::io_context& context, const flaky_options& options)
    : options_{options}
    , tcp_{std::make_shared<flaky_tcp>(context, options_, counted_)}
    , udp_{std::make_shared<flaky_udp>(context, options_, counted_)} {}

flaky_proxy::~flaky_proxy() {
  stop();
}

result<void> flaky_proxy::start() {
  for (int attempt = 1;; ++attempt) {
    const auto opened = tcp_->open();
    if (!opened)
      return opened.error();
    listening_ = *opened;
    const auto bound = udp_->open({listening_.address(), listening_.port()});
    if (bound)
      break;
    tcp_->close();
    const auto may_retry = options_.listen.port() == 0 && attempt != free_port_attempts_max &&
                           bound.error() == boost::asio::error::address_in_use;
    if (!may_retry)
      return bound.error();
  }
  tcp_->start();
  udp_->start();
  return {};
}

void flaky_proxy::stop() {
  tcp_->stop();
  udp_->stop();
}

} // namespace kodama::net
