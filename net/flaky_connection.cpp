#include "net/flaky_connection.hpp"

#include "protocol/assert.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace kodama::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto connect_timeout = std::chrono::seconds{10};

// With a small `segment` the bookkeeping of a chunk outweighs its bytes by far.
constexpr std::size_t chunks_max = 4096;

} // namespace

flaky_connection::lane::lane(tcp::socket& source, tcp::socket& target, splitmix64 stream,
                             std::uint64_t bandwidth, std::uint64_t& count)
    : from{source}
    , to{target}
    , random{stream}
    , pace{bandwidth}
    , forwarded{count}
    , departure{source.get_executor()} {}

flaky_connection::flaky_connection(tcp::socket client, std::uint64_t index,
                                   const flaky_options& options, flaky_statistics& counted,
                                   std::function<void()> on_end)
    : options_{options}
    , counted_{counted}
    , on_end_{std::move(on_end)}
    , client_{std::move(client)}
    , server_{client_.get_executor()}
    , deadline_{client_.get_executor()}
    , up_{client_, server_, flaky_stream(options.seed, flaky_subject::chunks_up, index),
          options.bandwidth, counted.bytes_up}
    , down_{server_, client_, flaky_stream(options.seed, flaky_subject::chunks_down, index),
            options.bandwidth, counted.bytes_down} {
  auto random = flaky_stream(options.seed, flaky_subject::connection, index);
  fate_ = draw_connection_fate(options, random);
}

void flaky_connection::start() {
  deadline_.expires_after(connect_timeout);
  deadline_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->stage_ != stage::connecting)
      return;
    ++self->counted_.refused;
    self->end();
  });
  server_.async_connect(options_.to, [self = shared_from_this()](const error_code& error) {
    if (self->stage_ == stage::connecting)
      self->handle_connected(error);
  });
}

void flaky_connection::stop() {
  if (stage_ == stage::ended)
    return;
  reset(client_);
  reset(server_);
  end();
}

void flaky_connection::handle_connected(const error_code& error) {
  if (error) {
    ++counted_.refused;
    end();
    return;
  }
  stage_ = stage::forwarding;
  error_code ignored; // Fails only when the peer is gone already, which reading will tell.
  client_.set_option(tcp::no_delay{true}, ignored);
  server_.set_option(tcp::no_delay{true}, ignored);
  deadline_.cancel();
  if (fate_.lifetime > duration{0}) {
    deadline_.expires_after(fate_.lifetime);
    deadline_.async_wait([self = shared_from_this()](const error_code& aborted) {
      if (!aborted && self->stage_ == stage::forwarding)
        self->cut();
    });
  }
  read(up_);
  read(down_);
}

void flaky_connection::read(lane& way) {
  if (way.reading || way.finished || way.queued >= flaky_queue_max ||
      way.queue.size() >= chunks_max)
    return;
  way.reading = true;
  auto size = std::min(way.buffer.size(), flaky_queue_max - way.queued);
  if (options_.segment != 0)
    size = std::min(size, options_.segment);
  way.from.async_read_some(
      asio::buffer(way.buffer.data(), size),
      [self = shared_from_this(), &way](const error_code& error, std::size_t transferred) {
        way.reading = false;
        if (self->stage_ == stage::forwarding)
          self->handle_read(way, error, transferred);
      });
}

void flaky_connection::handle_read(lane& way, const error_code& error, std::size_t size) {
  if (error == asio::error::eof) {
    way.finished = true;
    send(way);
    return;
  }
  if (error) {
    stop();
    return;
  }
  const auto fate = draw_chunk_fate(options_, way.random);
  if (fate.stall > duration{0})
    ++counted_.stalls;
  const auto now = flaky_pace::clock::now();
  const auto departure = way.pace.departure(now, size, fate.delay + fate.stall);
  way.queue.push_back({bytes(way.buffer.begin(), way.buffer.begin() + size), departure});
  way.queued += size;
  check();
  send(way);
  read(way);
}

void flaky_connection::send(lane& way) {
  if (way.writing)
    return;
  if (way.queue.empty()) {
    if (way.finished)
      finish(way);
    return;
  }
  way.writing = true;
  if (way.queue.front().departure <= flaky_pace::clock::now()) {
    write(way);
    return;
  }
  way.departure.expires_at(way.queue.front().departure);
  way.departure.async_wait([self = shared_from_this(), &way](const error_code&) {
    if (self->stage_ == stage::forwarding)
      self->write(way);
  });
}

void flaky_connection::write(lane& way) {
  asio::async_write(way.to, asio::buffer(way.queue.front().data),
                    [self = shared_from_this(), &way](const error_code& error, std::size_t) {
                      if (self->stage_ == stage::forwarding)
                        self->handle_written(way, error);
                    });
}

void flaky_connection::handle_written(lane& way, const error_code& error) {
  if (error) {
    stop();
    return;
  }
  const auto size = way.queue.front().data.size();
  way.forwarded += size;
  way.queued -= size;
  way.queue.pop_front();
  way.writing = false;
  check();
  read(way);
  send(way);
}

void flaky_connection::finish(lane& way) {
  error_code ignored; // A side that is gone already needs no telling.
  way.to.shutdown(tcp::socket::shutdown_send, ignored);
  way.closed = true;
  if (up_.closed && down_.closed)
    end();
}

void flaky_connection::cut() {
  switch (fate_.end) {
  case connection_fate::ending::reset:
    ++counted_.cuts;
    stop();
    break;
  case connection_fate::ending::client_forgotten: forget(up_); break;
  case connection_fate::ending::server_forgotten: forget(down_); break;
  }
}

void flaky_connection::forget(lane& way) {
  ++counted_.half_opens;
  stage_ = stage::half_open;
  reset(way.to);
  error_code ignored;
  way.from.cancel(ignored);
  up_.departure.cancel();
  down_.departure.cancel();
  deadline_.expires_after(options_.half_open_for);
  deadline_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->stage_ == stage::half_open)
      self->stop();
  });
  // A side that had said its last word before is only waited for: it reads nothing but silence.
  if (!way.finished)
    swallow(way);
}

void flaky_connection::swallow(lane& way) {
  // Reading on is the only portable way to notice that the forgotten side gives up.
  way.from.async_read_some(asio::buffer(way.buffer),
                           [self = shared_from_this(), &way](const error_code& error, std::size_t) {
                             if (self->stage_ != stage::half_open)
                               return;
                             if (error)
                               self->stop();
                             else
                               self->swallow(way);
                           });
}

void flaky_connection::reset(tcp::socket& socket) {
  error_code ignored; // Nothing is lost when a socket that fails here is only closed.
  socket.set_option(tcp::socket::linger{true, 0}, ignored);
  socket.close(ignored);
}

void flaky_connection::end() {
  KODAMA_ASSERT(stage_ != stage::ended);
  stage_ = stage::ended;
  error_code ignored;
  client_.close(ignored);
  server_.close(ignored);
  deadline_.cancel();
  up_.departure.cancel();
  down_.departure.cancel();
  // The owner may drop the last reference but the handler's in this call.
  std::exchange(on_end_, nullptr)();
}

void flaky_connection::check() const {
  for (const auto* way : {&up_, &down_}) {
    KODAMA_ASSERT(way->queued <= flaky_queue_max);
    KODAMA_ASSERT(way->queue.size() <= chunks_max);
    KODAMA_ASSERT(way->queue.empty() == (way->queued == 0));
    KODAMA_ASSERT(!way->closed || (way->finished && way->queue.empty()));
  }
}

} // namespace kodama::net
