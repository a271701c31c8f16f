#include "net/tcp_link.hpp"

#include "actors/messages.hpp"
#include "net/endpoint_text.hpp"
#include "protocol/assert.hpp"

#include <boost/asio/error.hpp>

#include <caf/send.hpp>

#include <utility>

namespace kodama::net {
namespace {

/// Past this much waiting output the owner keeps the rest to itself.
constexpr std::size_t output_max = 256 * 1024;
/// How long a peer that was told goodbye may take to close its side.
constexpr auto linger_for = std::chrono::seconds{1};
/// How much of what it says meanwhile is read and thrown away.
constexpr std::size_t discarded_max = 4 * 1024 * 1024;

} // namespace

tcp_link::tcp_link(actors::link_id id, int descriptor, shard& home, connection_count& count)
    : id_{id}
    , socket_{descriptor, *this}
    , home_{&home}
    , count_{count} {}

tcp_link::~tcp_link() {
  --count_;
}

std::string tcp_link::peer() const {
  const auto remote = socket_.peer();
  return remote ? to_text(*remote) : "gone";
}

void tcp_link::bind(const caf::actor& owner, reading how) {
  KODAMA_ASSERT(shard::current());
  owner_ = owner;
  reading_ = how;
  if (closed_)
    return;
  if (home_ != shard::current() || socket_.attached_to() == nullptr)
    settle(*shard::current());
  listens_ = how != reading::off;
  if (listens_ && unread_)
    read_soon();
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
    const auto count = socket_.write(byte_view{output_}.subspan(written_));
    if (count) {
      written_ += *count;
    } else if (count.error() != boost::asio::error::would_block) {
      fail(count.error());
      return;
    } else if (closing_) {
      break; // it does not go without waiting
    } else {
      wait_writable();
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

void tcp_link::settle(shard& home) {
  // Nothing is under way on an old shard: the link was bound for one read there, has had it, and
  // no longer listens.
  socket_.detach();
  home_ = &home;
  // Whatever there is to be read is told of anew.
  unread_ = false;
  if (const auto attached = socket_.attach(home.io()); !attached)
    fail(attached.error());
}

void tcp_link::on_readable() {
  unread_ = true;
  if (listens_)
    read_soon();
}

void tcp_link::read_soon() {
  if (queued_)
    return;
  if (auto self = weak_from_this().lock()) {
    queued_ = true;
    home_->read_soon(std::move(self));
  }
}

std::size_t tcp_link::read() {
  queued_ = false;
  if (closed_ || !listens_)
    return 0;
  if (closing_)
    return discard_input();
  const auto scratch = home_->scratch();
  const auto got = socket_.read(scratch);
  unread_ = got.more;
  if (got.failure == boost::asio::error::would_block)
    return 0;
  if (got.failure) {
    fail(got.failure);
    return 0;
  }
  if (reading_ == reading::once)
    listens_ = false;
  tell_owner(actors::link_received{
      id_, bytes{scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(got.size)}});
  if (listens_ && unread_)
    read_soon();
  return got.size;
}

std::size_t tcp_link::discard_input() {
  const auto got = socket_.read(home_->scratch());
  unread_ = got.more;
  discarded_ += got.size;
  const bool nothing_now = got.failure == boost::asio::error::would_block;
  if ((got.failure && !nothing_now) || discarded_ > discarded_max)
    abandon();
  else if (unread_)
    read_soon();
  return got.size;
}

void tcp_link::wait_writable() {
  waiting_writable_ = true;
  was_unwritable_ = true;
  socket_.watch_writable();
}

void tcp_link::on_writable() {
  if (!std::exchange(waiting_writable_, false))
    return;
  if (auto self = weak_from_this().lock())
    home_->flush_later(std::move(self));
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
  const bool all_written = written_ == output_.size();
  home_->give_back(std::exchange(output_, {}));
  written_ = 0;
  if (!all_written || !socket_.shutdown_send()) {
    abandon();
    return;
  }
  self_while_lingering_ = shared_from_this();
  linger_ = std::make_unique<linger_timer>(*this);
  linger_->arm(home_->timers(), home_->now() + linger_for);
  listens_ = true;
  if (unread_)
    read_soon();
}

void tcp_link::abandon() {
  closed_ = true;
  if (linger_)
    linger_->cancel();
  socket_.close();
  // Last: this may be the last reference.
  const auto self = std::exchange(self_while_lingering_, nullptr);
}

template <class Message>
void tcp_link::tell_owner(Message what) {
  if (owner_)
    caf::anon_send(owner_, std::move(what));
}

} // namespace kodama::net
