#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/message_batch.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kodama {

/// The sending half of exactly-once delivery over the connections of one session.
///
/// It numbers what is pushed with MessageIDs (1, 2, 3 …), keeps it until it is acknowledged, and
/// after a resume transmits again from the first message that the peer does not have. It owns no
/// socket, timer or clock; both sides use it.
///
/// Bounded by `bytes_max`: the encoded sizes of what is unacknowledged plus `message_cost` each.
class send_window {
public:
  /// Bookkeeping charged for each message, so that a flood of tiny ones is bounded too.
  static constexpr std::size_t message_cost = 32;

  explicit send_window(std::size_t bytes_max)
      : bytes_max_{bytes_max} {}

  /// Numbers and keeps all messages of `batch`; returns the id of the first one.
  /// slow_reader, and nothing kept, where the batch would exceed bytes_max.
  [[nodiscard]] result<message_id> push(shared_batch batch);

  /// Cumulative. An acknowledgement of less than before is old news and harmless; one of what was
  /// never transmitted is bad_acknowledgement.
  [[nodiscard]] result<void> handle_ack(message_id through);

  /// Whether a peer that has received everything through `last_received`, and nothing after it, can
  /// be served: that contradicts nothing acknowledged or transmitted before.
  [[nodiscard]] bool can_resume(message_id last_received) const noexcept;

  /// The peer has received everything through `last_received` (which acknowledges it), and nothing
  /// after it: transmission goes on from there. resume_impossible where that contradicts what was
  /// acknowledged or transmitted before.
  [[nodiscard]] result<void> handle_resume(message_id last_received);

  /// As handle_resume, for a peer that has received more than it has acknowledged so far and will
  /// still acknowledge it: skips the transmission of what it has, without forgetting it.
  [[nodiscard]] result<void> handle_resume_received(message_id last_received);

  /// Appends untransmitted messages to `out`, in order, until `out` holds at least `size_max`
  /// bytes; their ids and timestamps are patched in. Returns how many it appended.
  std::size_t poll_transmit(bytes& out, std::size_t size_max, std::uint32_t timestamp);

  [[nodiscard]] bool has_untransmitted() const noexcept;
  [[nodiscard]] message_id last_pushed() const noexcept;
  /// On the current connection, what a resume skipped included.
  [[nodiscard]] message_id last_transmitted() const noexcept;
  [[nodiscard]] message_id acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept {
    return last_pushed() - acknowledged_;
  }
  [[nodiscard]] std::size_t buffered_bytes() const noexcept { return bytes_; }

private:
  struct entry {
    message_id first;
    shared_batch batch;

    [[nodiscard]] message_id end() const noexcept { return first + batch->count(); }
  };

  void check() const;
  void forget_through(message_id id);
  void pop_front();
  [[nodiscard]] std::size_t entry_of(message_id id) const;

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  // A queue: what lies before front_ is done with. Not a deque, which holds 576 bytes when empty,
  // and most sessions are idle most of the time.
  std::vector<entry> entries_;
  std::size_t front_ = 0;
  message_id acknowledged_ = 0;
  message_id transmitted_ = 0;     // of the current connection
  message_id transmitted_max_ = 0; // over all connections
  message_id next_ = 1;
};

} // namespace kodama
