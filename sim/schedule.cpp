#include "sim/schedule.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <functional>

namespace kodama::sim {
namespace {

/// Above every priority that a change point gives.
constexpr std::uint64_t drawn = std::uint64_t{1} << 63;

/// A run has some thousand steps with a choice. Change points are drawn at every scale up to that,
/// so that the few steps of a connection's beginning get their share.
constexpr std::uint64_t least_scale = 4;
constexpr std::uint64_t scales = 9;

} // namespace

schedule::schedule(std::uint64_t seed, std::optional<std::uint32_t> change_points)
    : by_priority_{change_points.has_value()}
    , uniform_{seed, "schedule", 0}
    , mailbox_priorities_{seed, "schedule.mailbox", 0}
    , packet_priorities_{seed, "schedule.packet", 0} {
  for (std::uint32_t i = 0; i != change_points.value_or(0); ++i) {
    decision_stream when{seed, "schedule.change", i};
    const auto scale = least_scale + when.below(scales);
    changes_.push_back(when.below(std::uint64_t{1} << scale));
  }
  std::sort(changes_.begin(), changes_.end(), std::greater{});
}

schedule::choice schedule::choose(std::span<const std::uint64_t> mailboxes,
                                  std::optional<std::uint64_t> packet) {
  KODAMA_ASSERT(!mailboxes.empty());
  if (!by_priority_)
    return {false, mailboxes.size() == 1 ? 0 : uniform_.below(mailboxes.size())};
  if (mailboxes.size() == 1 && !packet)
    return {false, 0};
  ++step_;
  auto chosen = highest(mailboxes);
  for (; !changes_.empty() && changes_.back() < step_; changes_.pop_back()) {
    fallen_[mailboxes[chosen]] = changes_.size(); // each later one falls deeper
    chosen = highest(mailboxes);
  }
  const bool packet_first =
      packet && (packet_priorities_.at(*packet) | drawn) > priority_of(mailboxes[chosen]);
  return {packet_first, chosen};
}

std::uint64_t schedule::priority_of(std::uint64_t mailbox) const {
  const auto at = fallen_.find(mailbox);
  return at != fallen_.end() ? at->second : mailbox_priorities_.at(mailbox) | drawn;
}

std::size_t schedule::highest(std::span<const std::uint64_t> mailboxes) const {
  const auto at = std::max_element(mailboxes.begin(), mailboxes.end(), [this](auto a, auto b) {
    return priority_of(a) < priority_of(b);
  });
  return static_cast<std::size_t>(at - mailboxes.begin());
}

} // namespace kodama::sim
