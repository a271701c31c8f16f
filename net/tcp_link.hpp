#pragma once

#include "actors/link.hpp"
#include "net/connection_counts.hpp"
#include "net/shard.hpp"
#include "net/watched_socket.hpp"

#include <memory>

namespace kodama::net {

/// A TCP connection as an actors::link.
///
/// Holds no buffer while nothing is under way: reads land in the shard's scratch space, output is
/// collected in a buffer borrowed from the shard and written at the end of the turn. What the
/// kernel does not take stays here, at most about one turn's worth, and writable() turns false.
class tcp_link final : public actors::link,
                       public flushable,
                       public readable,
                       private watched_socket::handler,
                       public std::enable_shared_from_this<tcp_link> {
public:
  /// Takes over `descriptor`, a connected socket that does not block.
  tcp_link(actors::link_id id, int descriptor, shard& home, connection_count& count);
  ~tcp_link() override;

  // actors::link
  actors::link_id id() const noexcept override { return id_; }
  std::string peer() const override;
  void bind(const caf::actor& owner, reading how) override;
  bytes& output() override;
  bool writable() const noexcept override;
  void close() override;

  // flushable
  void flush() override;

  // readable
  std::size_t read() override;

private:
  /// Cuts off a peer that was told goodbye and does not close its side.
  class linger_timer final : public runtime::timer {
  public:
    explicit linger_timer(tcp_link& owner)
        : owner_{owner} {}

  private:
    void fire() override { owner_.abandon(); }
    tcp_link& owner_;
  };

  // watched_socket::handler
  void on_readable() override;
  void on_writable() override;

  /// Has the socket watched by the shard that it belongs to.
  void settle(shard& home);
  void read_soon();
  std::size_t discard_input();
  void wait_writable();
  void fail(boost::system::error_code reason);
  void finish_closing();
  void abandon();

  template <class Message>
  void tell_owner(Message what);

  actors::link_id id_;
  watched_socket socket_;
  shard* home_;
  connection_count& count_;
  caf::actor owner_;
  reading reading_ = reading::once;
  bool listens_ = false; ///< what arrives is to be read now
  bool unread_ = false;  ///< something has arrived, or may have
  bool queued_ = false;  ///< to be read this turn or the next
  bytes output_;
  std::size_t written_ = 0; ///< of output_
  bool dirty_ = false;
  bool waiting_writable_ = false;
  bool was_unwritable_ = false; ///< the owner is owed a link_drained
  bool closing_ = false;
  bool closed_ = false;
  std::unique_ptr<linger_timer> linger_; ///< only for the last second of a connection
  std::size_t discarded_ = 0;            ///< while lingering
  std::shared_ptr<tcp_link> self_while_lingering_;
};

} // namespace kodama::net
