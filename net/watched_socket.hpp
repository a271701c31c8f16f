#pragma once

#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/tcp.hpp>

// After a public header of Asio: by themselves these two do not compile.
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace kodama::net {

/// A connected TCP socket that tells its owner of every readiness, at no system call for asking.
///
/// Asio's async_wait() arms a socket anew for each read: one epoll_ctl a message, a fifth of all
/// system calls of a quiet server. Here two operations stay with the reactor for as long as the
/// socket does and never complete, as the one does that Asio keeps on its own signal pipe. All that
/// touches Asio's internals for it is in this file (docs/decisions/0008-a-watch-that-stays.md).
///
/// Readiness is edge-triggered: told once, it is not told again before something new arrives. So
/// the owner reads until `more` is false, now or later, and writes until would_block.
class watched_socket {
public:
  class handler {
  public:
    /// Both are called within the reactor, under the socket's lock: remember it, and act when the
    /// events have been gathered. on_writable also comes when nobody waits for it.
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;

  protected:
    ~handler() = default;
  };

  /// What every socket wants and inherits from the one that listens: no delay for small writes, and
  /// the kernel's word on whether more is to be read.
  static void prepare(boost::asio::ip::tcp::acceptor& acceptor);

  /// Takes over `descriptor`, which does not block; `owner` outlives the socket.
  watched_socket(int descriptor, handler& owner);
  ~watched_socket();
  watched_socket(const watched_socket&) = delete;
  watched_socket& operator=(const watched_socket&) = delete;

  /// From now on `io` watches; if there is something to read already, on_readable() follows.
  [[nodiscard]] result<void> attach(boost::asio::io_context& io);
  /// Nobody watches; once it has returned, no call is under way. From any thread.
  void detach();
  [[nodiscard]] boost::asio::io_context* attached_to() const noexcept { return io_; }
  /// on_writable() follows when a write that would have blocked would not any more.
  void watch_writable();

  struct reading {
    std::size_t size = 0;
    bool more = false; ///< read again without waiting for on_readable()
    /// would_block: nothing there. eof: the peer will not say more.
    boost::system::error_code failure;
  };
  [[nodiscard]] reading read(std::span<std::byte> into);
  /// How much of it the kernel took; would_block when nothing.
  [[nodiscard]] result<std::size_t> write(byte_view data);

  /// The peer sees the end of our words; we still hear its.
  [[nodiscard]] result<void> shutdown_send();
  void close();
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] result<boost::asio::ip::tcp::endpoint> peer() const;

private:
  using reactor = boost::asio::detail::reactor;

  /// Stays in the reactor's queue until the descriptor leaves it.
  class standing_op final : public boost::asio::detail::reactor_op {
  public:
    standing_op(handler& owner, void (handler::*ready)());

  private:
    static status perform(reactor_op* base);
    /// Asio's way of saying that an operation is thrown away. Ours is a member of the socket.
    static void complete(void*, boost::asio::detail::operation*, const boost::system::error_code&,
                         std::size_t) {}

    handler& owner_;
    void (handler::*ready_)();
  };

  int descriptor_;
  boost::asio::io_context* io_ = nullptr;
  reactor::per_descriptor_data registration_ = nullptr;
  handler& owner_;
  standing_op readable_;
  std::unique_ptr<standing_op> writable_; ///< from the first write that blocked on
  bool watches_writable_ = false;
};

} // namespace kodama::net
