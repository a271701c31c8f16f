#include "net/tcp_link.hpp"

#include "actors/messages.hpp"
#include "protocol/assert.hpp"

#include <caf/send.hpp>

#include <utility>

namespace kodama::net {
namespace {

/// Past this much waiting output the owner keeps the rest to itself.
constexpr std::size_t output_max = 256 * 1024;
/// How long a peer that was told goodbye may take to close its side.
constexpr auto linger_for = std::chrono::seconds{1};

} // namespace

tcp_link::tcp_link(actors::link_id id, socket connected, shard& home, connection_count& count)
    : id_{id}
    , socket_{std::move(connected)}
    , home_{&home}
    , count_{count} {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
}

tcp_link::~tcp_link() {
  --count_;
}

std::string tcp_link::peer() const {
  boost::system::error_code failure;
  const auto remote = socket_.remote_endpoint(failure);
  if (failure)
    return "gone";
  return remote.address().to_string() + ":" + std::to_string(remote.port());
}

void tcp_link::bind(const caf::actor& owner, reading how) {
  KODAMA_ASSERT(shard::current());
  if (home_ != shard::current())
    move_to(*shard::current());
  owner_ = owner;
  reading_ = how;
  if (!closed_)
    wait_readable();
}

bytes& tcp_link::output() {
  if (!dirty_) {
    dirty_ = true;
    if (output_.capacity() == 0)
      output_ = home_->take_buffer();
    home_->flush_later(shared_from_this());
  }
  return output_;
}

bool tcp_link::writable() const noexcept {
  return !closed_ && !waiting_writable_ && output_.size() < output_max;
}

void tcp_link::close() {
  owner_ = nullptr; // after close() the owner hears nothing more
  if (closed_ || closing_)
    return;
  closing_ = true;
  output(); // so that flush() comes and finishes it
}

void tcp_link::flush() {
  dirty_ = false;
  if (closed_)
    return;
  const bool was_full = output_.size() >= output_max;
  while (written_ != output_.size() && !waiting_writable_) {
    boost::system::error_code failure;
    const auto count = socket_.write_some(
        boost::asio::buffer(output_.data() + written_, output_.size() - written_), failure);
    written_ += count;
    if (failure == boost::asio::error::would_block) {
      if (closing_)
        break; // it does not go without waiting
      wait_writable();
    } else if (failure) {
      fail(failure);
      return;
    }
  }
  if (closing_) {
    finish_closing();
    return;
  }
  if (written_ == output_.size()) {
    written_ = 0;
    home_->give_back(std::exchange(output_, {}));
    if (was_full || std::exchange(was_unwritable_, false))
      tell_owner(actors::link_drained{id_});
  }
}

void tcp_link::move_to(shard& home) {
  // Nothing is under way on the old shard: the link was bound for one read there, and has had it.
  boost::system::error_code failure;
  const auto protocol = socket_.local_endpoint(failure).protocol();
  const auto handle = socket_.release(failure);
  socket_ = socket{home.io()};
  if (!failure)
    socket_.assign(protocol, handle, failure);
  home_ = &home;
  if (failure)
    fail(failure);
}

void tcp_link::wait_readable() {
  socket_.async_wait(socket::wait_read,
                     [self = shared_from_this()](auto failure) { self->handle_readable(failure); });
}

void tcp_link::handle_readable(boost::system::error_code failure) {
  if (closed_)
    return;
  if (closing_) {
    discard_input();
    return;
  }
  const auto scratch = home_->scratch();
  std::size_t count = 0;
  if (!failure)
    count = socket_.read_some(boost::asio::buffer(scratch.data(), scratch.size()), failure);
  if (failure == boost::asio::error::would_block) {
    wait_readable();
    return;
  }
  if (failure) {
    fail(failure);
    return;
  }
  tell_owner(actors::link_received{
      id_, bytes{scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(count)}});
  if (reading_ == reading::on)
    home_->read_next_turn(shared_from_this());
}

void tcp_link::read_on() {
  if (!closed_)
    wait_readable();
}

void tcp_link::discard_input() {
  const auto scratch = home_->scratch();
  boost::system::error_code failure;
  socket_.read_some(boost::asio::buffer(scratch.data(), scratch.size()), failure);
  if (failure && failure != boost::asio::error::would_block)
    abandon();
  else
    home_->read_next_turn(shared_from_this());
}

void tcp_link::wait_writable() {
  waiting_writable_ = true;
  was_unwritable_ = true;
  socket_.async_wait(socket::wait_write, [self = shared_from_this()](auto failure) {
    self->waiting_writable_ = false;
    if (self->closed_)
      return;
    if (failure)
      self->fail(failure);
    else
      self->flush();
  });
}

void tcp_link::fail(boost::system::error_code reason) {
  if (std::exchange(closed_, true))
    return;
  tell_owner(actors::link_closed{id_, reason});
  owner_ = nullptr;
  abandon();
}

void tcp_link::finish_closing() {
  // With input unread, close() would make the kernel send a reset, and the reset could overtake the
  // goodbye. So only our side is closed now, and what the peer still sends is thrown away.
  boost::system::error_code failure;
  const bool all_written = written_ == output_.size();
  home_->give_back(std::exchange(output_, {}));
  written_ = 0;
  socket_.shutdown(socket::shutdown_send, failure);
  if (failure || !all_written) {
    abandon();
    return;
  }
  self_while_lingering_ = shared_from_this();
  linger_ = std::make_unique<linger_timer>(*this);
  linger_->arm(home_->timers(), home_->now() + linger_for);
  if (reading_ == reading::once)
    wait_readable();
}

void tcp_link::abandon() {
  closed_ = true;
  if (linger_)
    linger_->cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  // Last: this may be the last reference.
  const auto self = std::exchange(self_while_lingering_, nullptr);
}

template <class Message>
void tcp_link::tell_owner(Message what) {
  if (owner_)
    caf::anon_send(owner_, std::move(what));
}

} // namespace kodama::net
