#include "net/watched_socket.hpp"

#include "protocol/assert.hpp"

#include <boost/asio/detail/scheduler.hpp>
#include <boost/asio/error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kodama::net {
namespace {

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

/// What TCP_INQ says: bytes still to be read, or 1 when only the end is. Without an answer (a
/// kernel before 4.18) there may always be more.
bool more_to_read(const msghdr& received) {
  for (const auto* at = CMSG_FIRSTHDR(&received); at != nullptr;
       at = CMSG_NXTHDR(const_cast<msghdr*>(&received), const_cast<cmsghdr*>(at)))
    if (at->cmsg_level == IPPROTO_TCP && at->cmsg_type == TCP_CM_INQ) {
      int left = 0;
      std::memcpy(&left, CMSG_DATA(at), sizeof left);
      return left != 0;
    }
  return true;
}

} // namespace

watched_socket::standing_op::standing_op(handler& owner, void (handler::*ready)())
    : reactor_op{{}, &standing_op::perform, &standing_op::complete}
    , owner_{owner}
    , ready_{ready} {}

watched_socket::standing_op::status watched_socket::standing_op::perform(reactor_op* base) {
  auto& self = *static_cast<standing_op*>(base);
  (self.owner_.*self.ready_)();
  return not_done;
}

void watched_socket::prepare(boost::asio::ip::tcp::acceptor& acceptor) {
  const int on = 1;
  const auto descriptor = acceptor.native_handle();
  // Both are for speed alone; without them everything still works.
  static_cast<void>(::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  static_cast<void>(::setsockopt(descriptor, IPPROTO_TCP, TCP_INQ, &on, sizeof on));
}

watched_socket::watched_socket(int descriptor, handler& owner)
    : descriptor_{descriptor}
    , owner_{owner}
    , readable_{owner, &handler::on_readable} {
  KODAMA_ASSERT(descriptor >= 0);
}

watched_socket::~watched_socket() {
  close();
}

result<void> watched_socket::attach(boost::asio::io_context& io) {
  KODAMA_ASSERT(io_ == nullptr && is_open());
  auto& watching = boost::asio::use_service<reactor>(io);
  watching.init_task();
  const int failure = watching.register_internal_descriptor(reactor::read_op, descriptor_,
                                                            registration_, &readable_);
  io_ = &io;
  if (failure != 0) {
    detach();
    return boost::system::error_code{failure, boost::system::system_category()};
  }
  return boost::system::in_place_value;
}

void watched_socket::detach() {
  if (io_ == nullptr)
    return;
  auto& watching = boost::asio::use_service<reactor>(*io_);
  watching.deregister_internal_descriptor(descriptor_, registration_);
  watching.cleanup_descriptor_data(registration_);
  if (std::exchange(watches_writable_, false)) // start_op() counted it as work
    boost::asio::use_service<boost::asio::detail::scheduler>(*io_).work_finished();
  io_ = nullptr;
}

void watched_socket::watch_writable() {
  KODAMA_ASSERT(io_ != nullptr);
  if (std::exchange(watches_writable_, true))
    return; // it stays, as the other does
  if (!writable_)
    writable_ = std::make_unique<standing_op>(owner_, &handler::on_writable);
  boost::asio::use_service<reactor>(*io_).start_op(reactor::write_op, descriptor_, registration_,
                                                   writable_.get(), false, false);
}

watched_socket::reading watched_socket::read(std::span<std::byte> into) {
  iovec where{into.data(), into.size()};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))];
  msghdr wanted{};
  wanted.msg_iov = &where;
  wanted.msg_iovlen = 1;
  wanted.msg_control = control;
  wanted.msg_controllen = sizeof control;
  for (;;) {
    const auto count = ::recvmsg(descriptor_, &wanted, 0);
    if (count > 0)
      return {static_cast<std::size_t>(count), more_to_read(wanted), {}};
    if (count == 0)
      return {0, false, boost::asio::error::eof};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return {0, false, boost::asio::error::would_block};
    if (errno != EINTR)
      return {0, false, last_error()};
  }
}

result<std::size_t> watched_socket::write(byte_view data) {
  for (;;) {
    const auto count = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    if (count >= 0)
      return static_cast<std::size_t>(count);
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return boost::system::error_code{boost::asio::error::would_block};
    if (errno != EINTR)
      return last_error();
  }
}

result<void> watched_socket::shutdown_send() {
  if (::shutdown(descriptor_, SHUT_WR) != 0)
    return last_error();
  return boost::system::in_place_value;
}

void watched_socket::close() {
  if (!is_open())
    return;
  detach();
  ::close(descriptor_);
  descriptor_ = -1;
}

result<boost::asio::ip::tcp::endpoint> watched_socket::peer() const {
  boost::asio::ip::tcp::endpoint found;
  auto size = static_cast<socklen_t>(found.capacity());
  if (::getpeername(descriptor_, found.data(), &size) != 0)
    return last_error();
  found.resize(size);
  return found;
}

} // namespace kodama::net
