#include "protocol/send_window.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama {
namespace {

/// What messages `from` … `to` - 1 of a batch are charged with.
std::size_t cost(const message_batch& batch, std::size_t from, std::size_t to) {
  return batch.end_of(to - 1) - batch.starts[from] + (to - from) * send_window::message_cost;
}

/// How many messages from `from` on it takes to fill `room` bytes, or as many as there are.
std::size_t run_length(const message_batch& batch, std::size_t from, std::size_t room) {
  const std::size_t start = batch.starts[from];
  if (batch.image.size() - start <= room)
    return batch.count() - from;
  // The run ends where the first message begins that would find the room already filled.
  const auto begin = batch.starts.begin() + static_cast<std::ptrdiff_t>(from);
  const auto end = std::lower_bound(begin + 1, batch.starts.end(), start + room);
  return static_cast<std::size_t>(end - begin);
}

/// Appends `count` messages with one copy, then writes the numbers over those of the copy: the
/// image itself is shared with other sessions.
void append_run(bytes& out, const message_batch& batch, std::size_t from, std::size_t count,
                message_id first, std::uint32_t timestamp) {
  const std::size_t begin = batch.starts[from];
  const std::size_t end = batch.end_of(from + count - 1);
  const auto at = out.size();
  append(out, byte_view{batch.image}.subspan(begin, end - begin));
  for (std::size_t i = 0; i != count; ++i) {
    KODAMA_ASSERT(batch.size_of(from + i) >= message::number_offset + sizeof(message_id));
    auto* image = out.data() + at + (batch.starts[from + i] - begin);
    patch_timestamp(image, timestamp);
    store_big(image + message::number_offset, first + i);
  }
}

} // namespace

result<message_id> send_window::push(shared_batch batch) {
  KODAMA_ASSERT(batch && batch->count() != 0);
  const auto added = cost(*batch, 0, batch->count());
  if (added > bytes_max_ - bytes_)
    return errc::slow_reader;
  const auto first = next_;
  next_ += batch->count();
  bytes_ += added;
  entries_.push_back({first, std::move(batch)});
  check();
  return first;
}

result<void> send_window::handle_ack(message_id through) {
  if (through > transmitted_max_)
    return errc::bad_acknowledgement;
  forget_through(through);
  return {};
}

result<void> send_window::handle_resume(message_id last_received) {
  if (!can_resume(last_received))
    return errc::resume_impossible;
  transmitted_ = last_received;
  forget_through(last_received);
  return {};
}

result<void> send_window::handle_resume_received(message_id last_received) {
  if (!can_resume(last_received))
    return errc::resume_impossible;
  transmitted_ = last_received;
  check();
  return {};
}

std::size_t send_window::poll_transmit(bytes& out, std::size_t size_max, std::uint32_t timestamp) {
  if (!has_untransmitted())
    return 0;
  const auto before = transmitted_;
  for (auto i = entry_of(transmitted_ + 1); i != entries_.size() && out.size() < size_max; ++i) {
    const auto& [first, batch] = entries_[i];
    const auto from = transmitted_ + 1 - first;
    const auto count = run_length(*batch, from, size_max - out.size());
    append_run(out, *batch, from, count, transmitted_ + 1, timestamp);
    transmitted_ += count;
  }
  transmitted_max_ = std::max(transmitted_max_, transmitted_);
  check();
  return transmitted_ - before;
}

bool send_window::has_untransmitted() const noexcept {
  return transmitted_ + 1 != next_;
}

message_id send_window::last_pushed() const noexcept {
  return next_ - 1;
}

message_id send_window::last_transmitted() const noexcept {
  return transmitted_;
}

/// What was acknowledged cannot be missing, and what was never transmitted cannot be there.
bool send_window::can_resume(message_id last_received) const noexcept {
  return last_received >= acknowledged_ && last_received <= transmitted_max_;
}

void send_window::forget_through(message_id id) {
  while (acknowledged_ < id) {
    const auto& oldest = entries_[front_];
    const auto end = std::min(id + 1, oldest.end());
    bytes_ -= cost(*oldest.batch, acknowledged_ + 1 - oldest.first, end - oldest.first);
    acknowledged_ = end - 1;
    if (end == oldest.end())
      pop_front();
  }
  // A peer may acknowledge on one connection what it was sent on the one before.
  transmitted_ = std::max(transmitted_, acknowledged_);
  check();
}

void send_window::pop_front() {
  entries_[front_++].batch.reset();
  if (front_ == entries_.size()) {
    // A burst's capacity is given back, that of the steady state is kept.
    constexpr std::size_t kept_max = 16;
    if (entries_.capacity() > kept_max)
      entries_ = {};
    entries_.clear();
    front_ = 0;
  } else if (front_ > entries_.size() / 2) {
    // Moves fewer entries than were popped since the last time, so a pop costs O(1) on average.
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }
}

std::size_t send_window::entry_of(message_id id) const {
  const auto front = entries_.begin() + static_cast<std::ptrdiff_t>(front_);
  const auto after =
      std::upper_bound(front, entries_.end(), id,
                       [](message_id wanted, const entry& e) { return wanted < e.first; });
  KODAMA_ASSERT(after != front);
  return static_cast<std::size_t>(after - entries_.begin()) - 1;
}

void send_window::check() const {
  KODAMA_ASSERT(acknowledged_ <= transmitted_ && transmitted_ <= transmitted_max_);
  KODAMA_ASSERT(transmitted_max_ < next_ && bytes_ <= bytes_max_);
  if (acknowledged_ + 1 == next_) {
    KODAMA_ASSERT(front_ == entries_.size() && bytes_ == 0);
  } else {
    KODAMA_ASSERT(front_ < entries_.size() && bytes_ != 0);
    KODAMA_ASSERT(entries_[front_].first <= acknowledged_ + 1);
    KODAMA_ASSERT(acknowledged_ + 1 < entries_[front_].end() && entries_.back().end() == next_);
  }
}

} // namespace kodama
