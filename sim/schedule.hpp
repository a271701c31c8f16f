#pragma once

#include "protocol/time.hpp"
#include "sim/random.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kodama::sim {

/// Decides which of several things that could happen happens first: a message of which mailbox is
/// handled next, or whether a packet arrives before all of them.
///
/// *Uniform*: each message at the head of a mailbox has a random priority of its own, so any of
/// them may go, and packets wait. Finds what is likely.
///
/// *Priorities* with d change points (PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A
/// randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010): every mailbox
/// and every packet has a random priority, and the highest goes first; at d random moments the one
/// that would go falls below all others. So one actor can lag behind everything else for as long as
/// it takes, which a uniform choice hardly ever does. What needs d + 1 events in a certain order is
/// found with a probability that falls with the number of steps to the power of d, and not with
/// that of all orders.
///
/// A value of the seed alone. Draws are keyed by the mailbox, the moment and what the mailbox has
/// handled at that moment; nothing is counted over the whole run, in which one message more would
/// change the order of all that follows.
class schedule {
public:
  /// Without `change_points`: uniform.
  schedule(std::uint64_t seed, std::optional<std::uint32_t> change_points);

  /// Which of `mailboxes` (each a number that stays its own) goes next. `packet`: when one would
  /// come that could arrive before them, where there is such a one. Time never goes backwards.
  struct choice {
    bool packet = false;
    std::size_t mailbox = 0; ///< its index
  };
  [[nodiscard]] choice choose(instant now, std::span<const std::uint64_t> mailboxes,
                              std::optional<instant> packet);

  /// Whether packets take part.
  [[nodiscard]] bool by_priority() const noexcept { return by_priority_; }

private:
  /// The one that would go falls at the first choice, or at one a little later, after so much time.
  struct change {
    duration after;
    std::uint64_t choices;
  };

  [[nodiscard]] std::size_t choose_uniformly(std::span<const std::uint64_t> mailboxes);
  [[nodiscard]] std::uint64_t& handled_by(std::uint64_t mailbox);
  [[nodiscard]] bool change_is_due();
  [[nodiscard]] std::uint64_t priority_of(std::uint64_t mailbox) const;
  [[nodiscard]] std::size_t highest(std::span<const std::uint64_t> mailboxes) const;

  bool by_priority_;
  decision_stream uniform_;
  decision_stream mailbox_priorities_;
  decision_stream packet_priorities_;
  std::vector<change> changes_; ///< the next one is the last
  std::optional<instant> begun_;
  instant now_;
  /// What each mailbox has handled now; few at one moment.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> handled_;
  std::map<std::uint64_t, std::uint64_t> fallen_; ///< mailbox to priority, below all drawn ones
};

} // namespace kodama::sim
