#include "net/flaky_mapping.hpp"

#include "protocol/assert.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <utility>

namespace kodama::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

// A turn ends after this many, so that one flooding peer does not starve the others.
constexpr int datagrams_per_turn = 64;

// What a queued datagram costs besides its payload; it bounds the number of empty ones.
constexpr std::size_t overhead = 64;

} // namespace

flaky_mapping::lane::lane(asio::io_context& context, splitmix64 stream, std::uint64_t bandwidth,
                          std::uint64_t& count)
    : random{stream}
    , pace{bandwidth}
    , forwarded{count}
    , departure{context} {}

flaky_mapping::flaky_mapping(asio::io_context& context, std::uint64_t index,
                             const flaky_options& options, flaky_statistics& counted,
                             std::span<std::byte> scratch, deliver to_client)
    : context_{context}
    , options_{options}
    , counted_{counted}
    , scratch_{scratch}
    , to_client_{std::move(to_client)}
    , last_used_{flaky_pace::clock::now()}
    , rebind_random_{flaky_stream(options.seed, flaky_subject::rebinds, index)}
    , rebind_{context}
    , up_{context, flaky_stream(options.seed, flaky_subject::datagrams_up, index),
          options.bandwidth, counted.datagrams_up}
    , down_{context, flaky_stream(options.seed, flaky_subject::datagrams_down, index),
            options.bandwidth, counted.datagrams_down} {}

result<void> flaky_mapping::start() {
  const auto opened = open();
  if (!opened)
    return opened.error();
  server_ = *opened;
  receive(server_);
  schedule_rebind();
  return {};
}

void flaky_mapping::stop() {
  stopped_ = true;
  error_code ignored; // The descriptor is gone either way.
  if (server_)
    server_->close(ignored);
  rebind_.cancel();
  up_.departure.cancel();
  down_.departure.cancel();
}

void flaky_mapping::handle_datagram(byte_view datagram) {
  take(up_, datagram);
}

result<std::shared_ptr<flaky_mapping::socket>> flaky_mapping::open() {
  const auto opened = std::make_shared<socket>(context_);
  const udp::endpoint to{options_.to.address(), options_.to.port()};
  error_code error;
  opened->open(to.protocol(), error);
  if (!error)
    opened->non_blocking(true, error);
  // Connected: only the server's datagrams come in.
  if (!error)
    opened->connect(to, error);
  if (error)
    return error;
  return opened;
}

void flaky_mapping::receive(const std::shared_ptr<socket>& from) {
  from->async_wait(socket::wait_read, [self = shared_from_this(), from](const error_code&) {
    if (self->stopped_ || self->server_ != from)
      return;
    for (int count = 0; count != datagrams_per_turn; ++count) {
      error_code error;
      const auto size =
          from->receive(asio::buffer(self->scratch_.data(), self->scratch_.size()), 0, error);
      if (error == asio::error::would_block)
        break;
      // Otherwise the server's port was unreachable for a datagram of ours. That is reported once,
      // and the server may yet come.
      if (!error)
        self->take(self->down_, self->scratch_.first(size));
    }
    self->receive(from);
  });
}

void flaky_mapping::schedule_rebind() {
  if (options_.rebind_every == duration{0})
    return;
  rebind_.expires_after(draw_around(options_.rebind_every, rebind_random_));
  rebind_.async_wait([self = shared_from_this()](const error_code&) {
    if (!self->stopped_)
      self->rebind();
  });
}

void flaky_mapping::rebind() {
  // The old socket is closed only after the new one has its port, which is therefore another one.
  if (const auto opened = open()) {
    error_code ignored; // The descriptor is gone either way.
    server_->close(ignored);
    server_ = *opened;
    ++counted_.rebinds;
    receive(server_);
  }
  schedule_rebind();
}

void flaky_mapping::take(lane& way, byte_view datagram) {
  const auto now = flaky_pace::clock::now();
  last_used_ = now;
  // Drawn for every datagram, also for those that vanish for another reason.
  const auto fate = draw_datagram_fate(options_, way.random);
  if (options_.mtu != 0 && datagram.size() > options_.mtu) {
    ++counted_.too_long;
    return;
  }
  if (fate.lost) {
    ++counted_.lost;
    return;
  }
  if (way.queued + datagram.size() + overhead > flaky_queue_max) {
    ++counted_.dropped;
    return;
  }
  const auto departure = way.pace.departure(now, datagram.size(), fate.delay) + fate.held_back;
  if (fate.held_back > duration{0})
    ++counted_.reordered;
  push(way, departure, datagram);
  if (fate.duplicated) {
    ++counted_.duplicated;
    push(way, departure, datagram);
  }
  send_due(way);
}

void flaky_mapping::push(lane& way, flaky_pace::clock::time_point when, byte_view datagram) {
  way.queue.emplace(when, bytes(datagram.begin(), datagram.end()));
  way.queued += datagram.size() + overhead;
  check();
}

void flaky_mapping::send_due(lane& way) {
  const auto now = flaky_pace::clock::now();
  while (!way.queue.empty() && way.queue.begin()->first <= now) {
    const auto leaving = way.queue.extract(way.queue.begin());
    way.queued -= leaving.mapped().size() + overhead;
    check();
    send(way, leaving.mapped());
  }
  if (way.queue.empty())
    return;
  // Replaces the previous wait: the new first one may leave earlier.
  way.departure.expires_at(way.queue.begin()->first);
  way.departure.async_wait([self = shared_from_this(), &way](const error_code& error) {
    if (!error && !self->stopped_)
      self->send_due(way);
  });
}

void flaky_mapping::send(lane& way, byte_view datagram) {
  ++way.forwarded;
  if (&way == &up_)
    send_up(datagram);
  else
    to_client_(datagram);
}

void flaky_mapping::send_up(byte_view datagram) {
  const auto data = asio::buffer(datagram.data(), datagram.size());
  error_code error;
  server_->send(data, 0, error);
  // This is about an earlier datagram, and costs us this one unless we try again.
  if (error == asio::error::connection_refused)
    server_->send(data, 0, error);
  if (error && error != asio::error::connection_refused)
    ++counted_.dropped;
}

void flaky_mapping::check() const {
  for (const auto* way : {&up_, &down_}) {
    // A duplicate is let in with its original.
    KODAMA_ASSERT(way->queued <= flaky_queue_max + 64 * 1024 + overhead);
    KODAMA_ASSERT(way->queue.empty() == (way->queued == 0));
  }
}

} // namespace kodama::net
