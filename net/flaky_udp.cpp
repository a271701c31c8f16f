#include "net/flaky_udp.hpp"

#include "protocol/assert.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <utility>

namespace kodama::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

// A turn ends after this many, so that a flood does not starve the timers.
constexpr int datagrams_per_turn = 64;

} // namespace

flaky_udp::flaky_udp(asio::io_context& context, const flaky_options& options,
                     flaky_statistics& counted)
    : context_{context}
    , options_{options}
    , counted_{counted}
    , clients_{context}
    , expiry_{context} {}

result<void> flaky_udp::open(const udp::endpoint& where) {
  error_code error;
  clients_.open(where.protocol(), error);
  if (!error && where.address().is_v6())
    clients_.set_option(asio::ip::v6_only{false}, error);
  if (!error)
    clients_.non_blocking(true, error);
  if (!error)
    clients_.bind(where, error);
  if (error) {
    error_code ignored; // The descriptor is gone either way.
    clients_.close(ignored);
    return error;
  }
  return {};
}

void flaky_udp::start() {
  receive();
  expire();
}

void flaky_udp::stop() {
  stopped_ = true;
  error_code ignored; // The descriptor is gone either way.
  clients_.close(ignored);
  expiry_.cancel();
  for (const auto& [client, mapping] : mappings_)
    mapping->stop();
  mappings_.clear();
}

void flaky_udp::receive() {
  clients_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const error_code&) {
    if (self->stopped_)
      return;
    for (int count = 0; count != datagrams_per_turn; ++count) {
      udp::endpoint from;
      error_code error;
      const auto size = self->clients_.receive_from(asio::buffer(self->scratch_), from, 0, error);
      if (error == asio::error::would_block)
        break;
      // Any other error concerns one datagram, never the socket.
      if (!error)
        self->handle_datagram(from, byte_view{self->scratch_}.first(size));
    }
    self->receive();
  });
}

void flaky_udp::handle_datagram(const udp::endpoint& from, byte_view datagram) {
  if (options_.block_udp) {
    ++counted_.blocked;
    return;
  }
  if (auto* const mapping = find_or_add(from))
    mapping->handle_datagram(datagram);
  else
    ++counted_.dropped;
}

flaky_mapping* flaky_udp::find_or_add(const udp::endpoint& client) {
  if (const auto known = mappings_.find(client); known != mappings_.end())
    return known->second.get();
  if (mappings_.size() >= options_.mappings_max)
    return nullptr;
  const auto added = std::make_shared<flaky_mapping>(
      context_, next_index_, options_, counted_, scratch_,
      [this, client](byte_view datagram) { send(client, datagram); });
  if (!added->start())
    return nullptr;
  ++next_index_;
  mappings_.emplace(client, added);
  check();
  return added.get();
}

void flaky_udp::send(const udp::endpoint& client, byte_view datagram) {
  error_code error;
  clients_.send_to(asio::buffer(datagram.data(), datagram.size()), client, 0, error);
  if (error)
    ++counted_.dropped;
}

void flaky_udp::expire() {
  const auto idle_since = flaky_pace::clock::now() - options_.mapping_idle_max;
  std::erase_if(mappings_, [idle_since](const auto& entry) {
    const auto idle = entry.second->last_used() <= idle_since;
    if (idle)
      entry.second->stop();
    return idle;
  });
  check();
  expiry_.expires_after(options_.mapping_idle_max / 4);
  expiry_.async_wait([self = shared_from_this()](const error_code&) {
    if (!self->stopped_)
      self->expire();
  });
}

void flaky_udp::check() const {
  KODAMA_ASSERT(mappings_.size() <= options_.mappings_max);
}

} // namespace kodama::net
