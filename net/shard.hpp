#pragma once

#include "actors/runtime/home_unit.hpp"
#include "actors/runtime/run_queue.hpp"
#include "protocol/bytes.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace kodama::net {

/// Something that collects output during a turn and writes it when the turn ends.
class flushable {
public:
  virtual ~flushable() = default;
  virtual void flush() = 0;
};

/// Something that has bytes waiting to be read.
class readable {
public:
  virtual ~readable() = default;
  /// Reads once, and says how many bytes there were; 0 where they come later. Whoever has more left
  /// asks to be read again.
  virtual std::size_t read() = 0;
};

/// One thread of the server: its sockets, its actors, its timers.
///
/// A turn: take what the sockets have, let every actor with mail run until none has any, hand over
/// what they have sent to other shards, then flush each flushable that collected something. So
/// whatever one read of a publisher caused leaves each subscriber's connection in one system call,
/// and costs one lock and at most one wake-up for each other shard.
class shard final : public runtime::home_unit {
public:
  shard(caf::actor_system* system, std::size_t index);

  // home_unit
  std::size_t index() const noexcept override { return index_; }
  bool is_current() const noexcept override { return current_ == this; }
  instant now() const noexcept override { return now_; }
  void deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) override;
  void exec_later(caf::resumable* what) override;

  /// The shard whose thread this is; null elsewhere.
  [[nodiscard]] static shard* current() noexcept { return current_; }
  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

  /// `what` is flushed at the end of this turn; kept alive until then.
  void flush_later(std::shared_ptr<flushable> what) { dirty_.push_back(std::move(what)); }

  /// `what` is read this turn or, if it has been read in this one, the next: one that always has
  /// something to be read would otherwise be read again and again while all others wait, and its
  /// messages would pile up in memory.
  void read_soon(std::shared_ptr<readable> what) { readers_.push_back(std::move(what)); }

  /// Where reads land first; one for all links of the shard, so that an idle one needs none.
  [[nodiscard]] std::span<std::byte> scratch() noexcept { return scratch_; }
  /// Empty buffers with capacity, passed around among the links that write.
  [[nodiscard]] bytes take_buffer();
  void give_back(bytes&& buffer);

  /// Turns until stop() is called from anywhere. On the thread that is to be this shard's.
  void run();
  void stop();
  /// After run(): what is still queued goes without being run. On the same thread.
  void drop_queued();

private:
  void take_inbox();
  void gather_events();
  /// Sees to it that io_ comes back by then, or a little later.
  void wake_up_by(instant deadline);
  void read_all();
  void run_actors();
  void flush_all();
  void refresh_now();

  struct hop {
    caf::strong_actor_ptr to;
    caf::mailbox_element_ptr what;
  };
  /// What comes from other threads. Messages and actors that became runnable share one lock and one
  /// wake-up: with two, a wake-up between them would be lost.
  struct inbox {
    std::vector<hop> messages;
    std::vector<caf::resumable*> runnable;

    [[nodiscard]] bool empty() const noexcept { return messages.empty() && runnable.empty(); }
    /// Takes over all of `more`, whose memory stays where it is.
    void append(inbox& more);
  };

  /// Where what is for this shard is put: into what the calling shard sends when it has run its
  /// actors; null where the caller is none.
  [[nodiscard]] inbox* outbox_of_caller();
  void send_hops();
  void put_into_inbox(inbox& more);

  static thread_local shard* current_;

  std::size_t index_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  boost::asio::steady_timer wake_up_{io_};
  instant wake_up_at_ = never; ///< when wake_up_ rings
  runtime::run_queue queue_;
  std::vector<std::shared_ptr<flushable>> dirty_;
  std::vector<std::shared_ptr<flushable>> flushing_;
  std::vector<std::shared_ptr<readable>> readers_;
  std::vector<std::shared_ptr<readable>> reading_;
  std::vector<std::byte> scratch_;
  std::vector<bytes> buffers_;
  instant now_;
  bool stopping_ = false;
  bool more_expected_ = false; ///< the last look for further events found some
  unsigned turns_ = 0;

  std::mutex inbox_mutex_;
  std::atomic<bool> inbox_filled_{false}; ///< set and cleared around what follows
  inbox inbox_;
  inbox taken_;

  struct outbox {
    shard* to = nullptr;
    inbox what;
  };
  std::vector<outbox> outboxes_; ///< by the other shard's index; `to` is null where it is new
  bool has_hops_ = false;        ///< something is in them
};

} // namespace kodama::net
