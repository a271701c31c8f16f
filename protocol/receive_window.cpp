#include "protocol/receive_window.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

namespace kodama {
namespace {

constexpr std::uint64_t word_bits = 64;

constexpr std::uint64_t bit_of(message_id id) noexcept {
  return std::uint64_t{1} << id % word_bits;
}

/// `ring.size()` is a power of two.
std::size_t word_of(const std::vector<std::uint64_t>& ring, message_id id) noexcept {
  return id / word_bits & (ring.size() - 1);
}

} // namespace

receive_window::verdict receive_window::handle_message(message_id id) {
  if (id > received_ + 1)
    return verdict::gap;
  if (id <= received_) {
    // The sender evidently missed the acknowledgement, so it waits for nothing.
    acknowledge_at(instant{});
    return verdict::duplicate;
  }
  received_ = id;
  return verdict::fresh;
}

void receive_window::complete(instant now, message_id id) {
  KODAMA_ASSERT(id > completed_ && id <= received_);
  if (id != completed_ + 1) {
    complete_early(id);
    check();
    return;
  }
  ++completed_;
  while (early_count_ != 0 && is_early(completed_ + 1))
    clear_early(++completed_);
  const bool enough = completed_ - acknowledged_ >= options_.ack_every;
  acknowledge_at(enough ? now : now + options_.ack_delay);
  check();
}

void receive_window::handle_resume(instant now) {
  acknowledge_at(now);
}

std::optional<message_id> receive_window::poll_ack(instant now) {
  if (now < ack_at_ || ack_at_ == never)
    return std::nullopt;
  ack_at_ = never;
  acknowledged_ = completed_;
  check();
  return completed_;
}

void receive_window::acknowledge_at(instant when) noexcept {
  if (completed_ != 0)
    ack_at_ = std::min(ack_at_, when);
}

void receive_window::complete_early(message_id id) {
  const auto words = (id - completed_) / word_bits + 1;
  if (early_.size() < words) {
    const auto before = std::exchange(early_, {});
    early_.resize(std::bit_ceil(words));
    // Only bits within the old ring's length of completed_ can have been set.
    const auto end = std::min(completed_ + before.size() * word_bits, received_);
    for (auto old = completed_ + 1; old <= end; ++old)
      if ((before[word_of(before, old)] & bit_of(old)) != 0)
        early_[word_of(early_, old)] |= bit_of(old);
  }
  auto& word = early_[word_of(early_, id)];
  KODAMA_ASSERT((word & bit_of(id)) == 0);
  word |= bit_of(id);
  ++early_count_;
}

bool receive_window::is_early(message_id id) const noexcept {
  return (early_[word_of(early_, id)] & bit_of(id)) != 0;
}

void receive_window::clear_early(message_id id) noexcept {
  early_[word_of(early_, id)] &= ~bit_of(id);
  --early_count_;
}

void receive_window::check() const {
  KODAMA_ASSERT(acknowledged_ <= completed_ && completed_ <= received_);
  // What is completed early lies behind at least one message that is not.
  KODAMA_ASSERT(early_count_ == 0 || early_count_ < pending());
  KODAMA_ASSERT(ack_at_ == never || completed_ != 0);
}

} // namespace kodama
