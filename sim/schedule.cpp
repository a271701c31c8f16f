#include "sim/schedule.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <chrono>

namespace kodama::sim {
namespace {

/// Above every priority that a change point gives.
constexpr std::uint64_t drawn = std::uint64_t{1} << 63;

/// Change points are drawn at every scale up to the length of a run, so that the first moments of
/// connections get their share.
constexpr duration least_scale = std::chrono::milliseconds{64};
constexpr std::uint64_t scales = 10;

/// Any message of a burst at one moment can be the one.
constexpr std::uint64_t choices_max = 8;

std::uint64_t number_of(instant moment) {
  return static_cast<std::uint64_t>(moment.time_since_epoch().count());
}

} // namespace

schedule::schedule(std::uint64_t seed, std::optional<std::uint32_t> change_points)
    : by_priority_{change_points.has_value()}
    , uniform_{seed, "schedule", 0}
    , mailbox_priorities_{seed, "schedule.mailbox", 0}
    , packet_priorities_{seed, "schedule.packet", 0} {
  for (std::uint32_t i = 0; i != change_points.value_or(0); ++i) {
    decision_stream when{seed, "schedule.change", i};
    const auto scale = least_scale * (duration::rep{1} << when.below(scales));
    const auto after = when.duration_between(duration{0}, scale);
    changes_.push_back({after, when.below(choices_max)});
  }
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const change& a, const change& b) { return a.after > b.after; });
}

schedule::choice schedule::choose(instant now, std::span<const std::uint64_t> mailboxes,
                                  std::optional<instant> packet) {
  KODAMA_ASSERT(!mailboxes.empty() && now >= now_);
  if (now != now_)
    handled_.clear();
  now_ = now;
  if (!begun_)
    begun_ = now;
  if (!by_priority_)
    return {false, choose_uniformly(mailboxes)};
  if (mailboxes.size() == 1 && !packet)
    return {false, 0};
  auto chosen = highest(mailboxes);
  while (change_is_due()) {
    changes_.pop_back();
    fallen_[mailboxes[chosen]] = changes_.size(); // each later one falls deeper
    chosen = highest(mailboxes);
  }
  const bool packet_first = packet && (packet_priorities_.at(number_of(*packet)) | drawn) >
                                          priority_of(mailboxes[chosen]);
  return {packet_first, chosen};
}

std::size_t schedule::choose_uniformly(std::span<const std::uint64_t> mailboxes) {
  std::size_t chosen = 0;
  std::uint64_t best = 0;
  for (std::size_t i = 0; i != mailboxes.size() && mailboxes.size() != 1; ++i) {
    const auto moment = entity_of(mailboxes[i], number_of(now_));
    const auto draw = uniform_.at(entity_of(moment, handled_by(mailboxes[i])));
    if (i == 0 || draw > best) {
      chosen = i;
      best = draw;
    }
  }
  ++handled_by(mailboxes[chosen]);
  return chosen;
}

std::uint64_t& schedule::handled_by(std::uint64_t mailbox) {
  for (auto& [whose, count] : handled_)
    if (whose == mailbox)
      return count;
  return handled_.emplace_back(mailbox, 0).second;
}

bool schedule::change_is_due() {
  if (changes_.empty() || now_ - *begun_ < changes_.back().after)
    return false;
  return changes_.back().choices-- == 0;
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
