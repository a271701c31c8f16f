#include "net/stream_pump.hpp"

#include "actors/messages.hpp"
#include "net/endpoint_text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <utility>

namespace kodama::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// Past this much waiting output the owner keeps the rest to itself.
constexpr std::size_t output_max = 256 * 1024;
/// How long a peer may take to hear goodbye and close its side.
constexpr auto linger_for = std::chrono::seconds{1};
/// How much of what it says meanwhile is read and thrown away.
constexpr std::size_t discarded_max = 4 * 1024 * 1024;

/// Nobody's mistake: a peer that thought better of it, or a port that was tried.
bool is_departure(error_code failure) {
  return failure == boost::asio::error::eof || failure == boost::asio::error::connection_reset ||
         failure == boost::asio::ssl::error::stream_truncated ||
         failure == boost::asio::error::broken_pipe;
}

} // namespace

stream_pump::stream_pump(actors::link_id id, shard& home, connection_counts& counts)
    : id_{id}
    , home_{home}
    , counts_{counts} {}

stream_pump::~stream_pump() {
  --counts_.open;
}

void stream_pump::start(int descriptor, stream_layers layers) {
  order what{order::kind::start};
  what.descriptor = descriptor;
  what.layers = std::move(layers);
  give(std::move(what));
}

void stream_pump::bind(const caf::actor& owner, actors::link::reading how, shard& owners_home) {
  order what{order::kind::bind};
  what.owner = owner;
  what.how = how;
  what.owners_home = &owners_home;
  give(std::move(what));
}

void stream_pump::write(bytes&& data) {
  // Whoever has written so much may have more, and waits without asking again.
  if ((unwritten_ += data.size()) >= output_max)
    starved_ = true;
  order what{order::kind::write};
  what.data = std::move(data);
  give(std::move(what));
}

void stream_pump::close() {
  give({order::kind::close});
}

void stream_pump::abandon() {
  give({order::kind::abandon});
}

bool stream_pump::has_room(std::size_t more) const noexcept {
  const auto fits = [&] { return !is_gone_ && unwritten_ + more < output_max; };
  if (fits())
    return true;
  // What was under way may have been written between the question and this note, and then nobody
  // would read it any more; so the question is asked again.
  starved_ = true;
  return fits();
}

std::string stream_pump::peer() const {
  const std::lock_guard lock{mutex_};
  return peer_.empty() ? "gone" : peer_;
}

void stream_pump::give(order&& what) {
  bool wake = false;
  {
    const std::lock_guard lock{mutex_};
    orders_.push_back(std::move(what));
    wake = !std::exchange(awake_, true);
  }
  if (home_.is_current())
    carry_out_all();
  else if (wake)
    boost::asio::post(home_.io(), [self = self()] { self->carry_out_all(); });
}

void stream_pump::carry_out_all() {
  {
    const std::lock_guard lock{mutex_};
    carried_out_.swap(orders_);
    awake_ = false;
  }
  for (auto& each : carried_out_)
    carry_out(each);
  carried_out_.clear();
}

void stream_pump::carry_out(order& what) {
  switch (what.what) {
  case order::kind::start: begin(what.descriptor, what.layers); break;
  case order::kind::bind: rebind(what); break;
  case order::kind::write:
    if (phase_ == phase::ending || phase_ == phase::over)
      break;
    if (queued_.empty()) {
      home_.give_back(std::exchange(queued_, std::move(what.data)));
    } else {
      append(queued_, what.data);
      home_.give_back(std::move(what.data));
    }
    write_next();
    break;
  case order::kind::read_on:
    is_reading_ = false;
    read_next();
    break;
  case order::kind::close:
    owner_ = nullptr;
    closing_ = true;
    if (phase_ == phase::opening) {
      cut(); // there is no way yet to say anything
    } else if (phase_ == phase::open) {
      linger_.arm(home_.timers(), home_.now() + linger_for);
      write_next();
    }
    break;
  case order::kind::abandon:
    owner_ = nullptr;
    if (!closing_ && phase_ != phase::ending)
      cut();
    break;
  }
}

void stream_pump::begin(int descriptor, const stream_layers& layers) {
  tcp::endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  const bool is_there = ::getpeername(descriptor, peer.data(), &size) == 0;
  if (is_there)
    peer.resize(size);
  socket_.emplace(home_.io());
  error_code failure;
  socket_->assign(peer.protocol(), descriptor, failure);
  if (failure || !is_there) {
    if (failure)
      ::close(descriptor);
    fail(failure ? failure : error_code{boost::asio::error::not_connected});
    return;
  }
  {
    const std::lock_guard lock{mutex_};
    peer_ = to_text(peer);
  }
  if (!layers.proxy_protocol) {
    open(layers);
    return;
  }
  async_read_proxy_header(*socket_, [self = self(), layers](const proxy_answer& answer) {
    self->handle(answer, layers);
  });
}

void stream_pump::handle(const proxy_answer& answer, const stream_layers& layers) {
  if (phase_ != phase::opening)
    return;
  if (!answer) {
    refuse("PROXY header", answer.error(), ++counts_.proxy_headers_refused);
    fail(boost::asio::error::connection_refused);
    return;
  }
  if (answer->source) {
    const std::lock_guard lock{mutex_};
    peer_ = to_string(*answer->source);
  }
  open(layers);
}

void stream_pump::open(const stream_layers& layers) {
  stream_ = make_byte_stream(std::move(*socket_), layers, *this);
  socket_.reset();
  stream_->open();
}

void stream_pump::on_opened(error_code failure) {
  if (phase_ != phase::opening)
    return;
  if (failure) {
    if (!is_departure(failure))
      refuse("handshake", failure.message(), ++counts_.handshakes_failed);
    fail(failure);
    return;
  }
  phase_ = phase::open;
  write_next();
  read_next();
}

void stream_pump::rebind(order& what) {
  owner_ = std::move(what.owner);
  reading_ = what.how;
  owners_home_ = what.owners_home;
  if (failure_) {
    // It happened while the link was on its way to this owner.
    tell_owner(actors::link_closed{id_, failure_});
    owner_ = nullptr;
    return;
  }
  listens_ = reading_ != actors::link::reading::off;
  read_next();
}

void stream_pump::read_next() {
  if (phase_ != phase::open || closing_ || !listens_ || is_reading_)
    return;
  is_reading_ = true;
  stream_->read();
}

void stream_pump::on_read(error_code failure, byte_view data) {
  is_reading_ = false;
  if (phase_ != phase::open)
    return;
  if (failure)
    return fail(failure);
  if (data.empty()) // a WebSocket frame of nothing, which says nothing to keepalive either
    return read_next();
  if (closing_)
    return;
  if (reading_ == actors::link::reading::once)
    listens_ = false;
  tell_owner(actors::link_received{id_, bytes{data.begin(), data.end()}});
  if (listens_)
    read_after_owner();
}

void stream_pump::read_after_owner() {
  is_reading_ = true;
  if (owners_home_ == &home_) {
    home_.read_soon(self());
    return;
  }
  // By way of the owner's shard, which lets its actors run in between: otherwise a peer that sends
  // faster than they work would fill their mailboxes without bound. Behind what has been read.
  // Not kept alive by it: when the shards go away one by one, nothing of one may be left in
  // another.
  home_.when_sent([by = owners_home_, waiting = std::weak_ptr{self()}] {
    boost::asio::post(by->io(), [waiting] {
      if (const auto pump = waiting.lock())
        pump->give({order::kind::read_on});
    });
  });
}

std::size_t stream_pump::read() {
  is_reading_ = false;
  read_next();
  return 0; // on_read() has them
}

void stream_pump::write_next() {
  if (phase_ != phase::open || is_writing_)
    return;
  if (queued_.empty()) {
    if (closing_)
      end();
    return;
  }
  is_writing_ = true;
  writing_.swap(queued_);
  stream_->write(writing_);
}

void stream_pump::on_written(error_code failure) {
  is_writing_ = false;
  unwritten_ -= writing_.size();
  home_.give_back(std::exchange(writing_, {}));
  if (phase_ != phase::open)
    return;
  if (failure) {
    fail(failure);
    return;
  }
  if (queued_.empty() && starved_.exchange(false))
    tell_owner(actors::link_drained{id_});
  write_next();
}

void stream_pump::fail(error_code reason) {
  if (phase_ == phase::ending || phase_ == phase::over)
    return;
  is_gone_ = true;
  failure_ = reason;
  tell_owner(actors::link_closed{id_, reason});
  owner_ = nullptr;
  if (is_writing_) // a peer that has gone does not take the rest either
    cut();
  else
    end();
}

void stream_pump::refuse(std::string_view what, std::string_view why, std::uint64_t count) {
  spdlog::info("connection from {} refused: {}: {} ({} such so far)", peer(), what, why, count);
}

void stream_pump::end() {
  phase_ = phase::ending;
  is_gone_ = true;
  if (!linger_.armed())
    linger_.arm(home_.timers(), home_.now() + linger_for);
  if (stream_)
    stream_->end();
  else
    on_ended();
}

void stream_pump::on_ended() {
  if (phase_ != phase::ending)
    return;
  // With input unread, close() would make the kernel send a reset, and the reset could overtake the
  // goodbye. So only our side is closed now, and what the peer still sends is thrown away.
  error_code failure;
  socket().shutdown(tcp::socket::shutdown_send, failure);
  if (failure)
    cut();
  else
    discard_input();
}

void stream_pump::discard_input() {
  // What lands in the scratch space is of no interest, so it matters to nobody that others use it.
  const auto scratch = home_.scratch();
  socket().async_read_some(boost::asio::buffer(scratch.data(), scratch.size()),
                           [self = self()](error_code failure, std::size_t count) {
                             self->discarded_ += count;
                             if (failure || self->discarded_ > discarded_max)
                               self->cut();
                             else if (self->phase_ == phase::ending)
                               self->discard_input();
                           });
}

void stream_pump::cut() {
  if (phase_ == phase::over)
    return;
  phase_ = phase::over;
  is_gone_ = true;
  linger_.cancel();
  if (stream_ || socket_) {
    error_code ignored;
    socket().close(ignored);
  }
  if (stream_ && stream_->may_hold_itself())
    let_go_later();
}

void stream_pump::let_go_later() {
  // What is left by then waits for nothing. Not by linger_: we may go away on another shard.
  auto timer = std::make_shared<boost::asio::steady_timer>(home_.io(), linger_for);
  timer->async_wait([timer, waiting = std::weak_ptr{self()}](error_code) {
    if (const auto pump = waiting.lock())
      pump->stream_.reset();
  });
}

tcp::socket& stream_pump::socket() {
  return stream_ ? stream_->socket() : *socket_;
}

std::shared_ptr<stream_pump> stream_pump::self() {
  return std::static_pointer_cast<stream_pump>(shared_from_this());
}

template <class Message>
void stream_pump::tell_owner(Message what) {
  if (owner_)
    caf::anon_send(owner_, std::move(what));
}

} // namespace kodama::net
