#pragma once

#include "actors/runtime/home_unit.hpp"
#include "actors/runtime/run_queue.hpp"
#include "protocol/bytes.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>
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
  /// Reads once, and says how many bytes there were: 0 where they come by a callback, and are not
  /// counted. Whoever has more left asks to be read again.
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
  /// One of `count`.
  shard(caf::actor_system* system, std::size_t index, std::size_t count = 1);

  // home_unit
  std::size_t index() const noexcept override { return index_; }
  bool is_current() const noexcept override { return current_ == this; }
  instant now() const noexcept override { return now_; }
  void deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) override;
  void deliver_to_all(std::shared_ptr<const runtime::receivers> to, caf::strong_actor_ptr from,
                      caf::message what) override;
  bool is_only() const noexcept override { return is_only_; }
  void exec_later(caf::resumable* what) override;

  /// The shard whose thread this is; null elsewhere.
  [[nodiscard]] static shard* current() noexcept { return current_; }
  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

  /// `what` is flushed at the end of this turn; kept alive until then.
  void flush_later(std::shared_ptr<flushable> what) { dirty_.push_back(std::move(what)); }

  /// `what` is read this turn or, if it has been read in this one or others have had enough, a
  /// later one: one that always has something to be read would otherwise be read again and again
  /// while all others wait, and its messages would pile up in memory.
  void read_soon(std::shared_ptr<readable> what) { readers_.push_back(std::move(what)); }

  /// `what` is called once all that has been sent to other shards so far is in their inboxes. On
  /// this shard's thread.
  void when_sent(std::function<void()> what) { when_sent_.push_back(std::move(what)); }

  /// Where reads land first; one for all links of the shard, so that an idle one needs none.
  [[nodiscard]] std::span<std::byte> scratch() noexcept { return scratch_; }
  /// Empty buffers with capacity, passed around among the links that write.
  [[nodiscard]] bytes take_buffer();
  void give_back(bytes&& buffer);

  /// Turns until stop() is called from anywhere. On the thread that is to be this shard's.
  void run();
  void stop();
  /// When no shard runs any more: what is queued here is run to its end. False where there was
  /// nothing.
  [[nodiscard]] bool drop_queued();

private:
  void take_inbox();
  void gather_events();
  /// Sees to it that io_ comes back by then, or a little later.
  void wake_up_by(instant deadline);
  void read_all();
  void run_actors();
  void flush_all();
  void refresh_now();

  struct letter {
    caf::strong_actor_ptr to;
    caf::mailbox_element_ptr what;
  };
  struct circular {
    std::shared_ptr<const runtime::receivers> to;
    caf::strong_actor_ptr from;
    caf::message what;
  };
  using hop = std::variant<letter, circular>;
  /// What comes from other threads. Messages and actors that became runnable share one lock and one
  /// wake-up: with two, a wake-up between them would be lost.
  struct parcel {
    std::vector<hop> messages;
    std::vector<caf::resumable*> runnable;

    [[nodiscard]] bool empty() const noexcept { return messages.empty() && runnable.empty(); }
    /// Takes over all of `more`, whose memory stays where it is.
    void append(parcel& more);
  };

  /// The calling shard's box for what goes to this one; null where the calling thread is no
  /// shard's.
  [[nodiscard]] parcel* outbox_of_caller();
  void send_hops();
  void hand_over();
  void put_into_inbox(parcel& more);
  void send_from_caller(hop what);
  void enqueue(hop& what);

  static thread_local shard* current_;

  std::size_t index_;
  bool is_only_;
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
  parcel inbox_;
  parcel taken_;

  struct outbox {
    shard* to = nullptr;
    parcel what;
  };
  std::vector<outbox> outboxes_; ///< by the other shard's index; `to`: null until it is used
  bool has_hops_ = false;        ///< something is in them
  std::vector<std::function<void()>> when_sent_;
};

} // namespace kodama::net
