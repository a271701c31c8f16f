#pragma once

#include "sim/random.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace kodama::sim {

/// Decides which of several things that could happen happens first: a message of which mailbox is
/// handled next, or whether a packet arrives before all of them.
///
/// *Uniform*: each mailbox is as likely as the other, every time, and packets wait. Finds what is
/// likely.
///
/// *Priorities* with d change points (PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A
/// randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010): every mailbox
/// and every packet has a random priority, and the highest goes first; at d random steps the one
/// that would go falls below all others. So one actor can lag behind everything else for as long as
/// it takes, which a uniform choice hardly ever does. What needs d + 1 events in a certain order is
/// found with a probability that falls with the number of steps to the power of d, and not with
/// that of all orders.
///
/// A value of the seed alone; draws are keyed by mailbox, packet and change point.
class schedule {
public:
  /// Without `change_points`: uniform.
  schedule(std::uint64_t seed, std::optional<std::uint32_t> change_points);

  /// Which of `mailboxes` (each a number that stays its own) goes next. `packet`: the number of one
  /// that could arrive before them, where there is such a one.
  struct choice {
    bool packet = false;
    std::size_t mailbox = 0; ///< its index
  };
  [[nodiscard]] choice choose(std::span<const std::uint64_t> mailboxes,
                              std::optional<std::uint64_t> packet);

  /// Whether packets take part.
  [[nodiscard]] bool by_priority() const noexcept { return by_priority_; }

private:
  [[nodiscard]] std::uint64_t priority_of(std::uint64_t mailbox) const;
  [[nodiscard]] std::size_t highest(std::span<const std::uint64_t> mailboxes) const;

  bool by_priority_;
  decision_stream uniform_;
  decision_stream mailbox_priorities_;
  decision_stream packet_priorities_;
  std::vector<std::uint64_t> changes_; ///< steps, descending: the next one is the last
  std::uint64_t step_ = 0;
  std::map<std::uint64_t, std::uint64_t> fallen_; ///< mailbox to priority, below all drawn ones
};

} // namespace kodama::sim
