#pragma once

#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kodama {

/// The receiving half of exactly-once delivery: recognises duplicates and gaps, and says when to
/// acknowledge what.
///
/// A message is *received* when it arrives in order, and *completed* when it has taken effect (the
/// topic has sequenced it, the user has been given it). Completion may come in any order; only what
/// is completed without a gap is acknowledged. Survives connections. As long as nothing is
/// completed there is nothing to acknowledge, whatever arrives.
///
/// The memory it needs grows with the furthest completion out of order; whoever owns it bounds that
/// by refusing messages when unacknowledged() reaches its limit.
class receive_window {
public:
  struct options {
    duration ack_delay;      ///< an acknowledgement may wait this long for company
    std::uint32_t ack_every; ///< but not when it covers so many messages
  };

  enum class verdict {
    fresh,     ///< the next one: process it, then complete() it
    duplicate, ///< had it before: drop it (an acknowledgement becomes due at once)
    gap,       ///< something before it is missing: the connection cannot be trusted any more;
               ///< nothing is changed by it
  };

  explicit receive_window(options chosen)
      : options_{chosen} {}

  [[nodiscard]] verdict handle_message(message_id id);
  /// `id` has been received and not completed before.
  void complete(instant now, message_id id);

  /// On a new connection whatever is completed is acknowledged afresh: the last ACK may be lost.
  void handle_resume(instant now);

  /// The number to acknowledge now, if one is due; then it is considered sent.
  [[nodiscard]] std::optional<message_id> poll_ack(instant now);
  /// When poll_ack() will be due, at the latest; `never` when nothing waits.
  [[nodiscard]] instant poll_timeout() const noexcept { return ack_at_; }

  [[nodiscard]] message_id received() const noexcept { return received_; }
  [[nodiscard]] message_id completed() const noexcept { return completed_; }
  /// Received and not completed: what this window holds open.
  [[nodiscard]] std::uint64_t pending() const noexcept { return received_ - completed_; }
  /// Received and not yet acknowledged: what the sender has to count as outstanding.
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept { return received_ - acknowledged_; }

private:
  void check() const;
  void complete_early(message_id id);
  [[nodiscard]] bool is_early(message_id id) const noexcept;
  void clear_early(message_id id) noexcept;
  void acknowledge_at(instant when) noexcept;

  options options_;
  message_id received_ = 0;
  message_id completed_ = 0;    // all of 1 … completed_
  message_id acknowledged_ = 0; // as far as the peer was told
  instant ack_at_ = never;

  // Which of completed_ + 2 … received_ are completed: a ring of bits, bit (id mod its length), its
  // length a power of two. Allocated by the first completion out of order, so that the usual
  // session, which completes in order, needs none.
  std::vector<std::uint64_t> early_;
  std::uint64_t early_count_ = 0;
};

} // namespace kodama
