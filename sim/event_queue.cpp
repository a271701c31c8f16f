#include "sim/event_queue.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama::sim {

namespace {
// Below this many entries a heap full of cancelled ones is too small to be worth a sweep.
constexpr std::size_t sweep_min = 64;
} // namespace

event_token event_queue::schedule(instant when, callback what) {
  const auto ordinal = ++last_ordinal_;
  std::uint32_t at = 0;
  if (free_.empty()) {
    at = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({ordinal, std::move(what)});
  } else {
    at = free_.back();
    free_.pop_back();
    slots_[at].ordinal = ordinal;
    slots_[at].what = std::move(what);
  }
  heap_.push_back({std::max(when, now_), ordinal, at});
  std::push_heap(heap_.begin(), heap_.end(), later{});
  ++waiting_;
  check();
  return {at, ordinal};
}

bool event_queue::cancel(event_token token) {
  if (!token || token.slot >= slots_.size() || slots_[token.slot].ordinal != token.ordinal)
    return false;
  slots_[token.slot].ordinal = 0;
  free_.push_back(token.slot);
  --waiting_;
  // Captures die last: their destructors may come back here.
  const auto doomed = std::move(slots_[token.slot].what);
  // A timer that is restarted all the time would otherwise fill the heap with its past lives.
  if (heap_.size() > sweep_min && heap_.size() > 2 * waiting_)
    drop_all_cancelled();
  check();
  return true;
}

instant event_queue::next_time() {
  drop_cancelled_top();
  return heap_.empty() ? never : heap_.front().when;
}

bool event_queue::run_next() {
  drop_cancelled_top();
  if (heap_.empty())
    return false;
  const auto next = heap_.front();
  std::pop_heap(heap_.begin(), heap_.end(), later{});
  heap_.pop_back();
  KODAMA_ASSERT(next.when >= now_);
  now_ = next.when;
  auto what = std::move(slots_[next.slot].what);
  slots_[next.slot].ordinal = 0;
  free_.push_back(next.slot);
  --waiting_;
  ++run_;
  check();
  what();
  return true;
}

void event_queue::run_until(instant when) {
  while (next_time() <= when && run_next()) {
  }
  if (when > now_)
    now_ = when;
}

void event_queue::advance_to(instant when) {
  KODAMA_ASSERT(when >= now_ && next_time() >= when);
  now_ = when;
}

void event_queue::drop_cancelled_top() {
  while (!heap_.empty() && is_cancelled(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), later{});
    heap_.pop_back();
  }
}

void event_queue::drop_all_cancelled() {
  std::erase_if(heap_, [this](const entry& e) { return is_cancelled(e); });
  std::make_heap(heap_.begin(), heap_.end(), later{});
}

void event_queue::check() const {
  KODAMA_ASSERT(waiting_ <= heap_.size());
  KODAMA_ASSERT(waiting_ + free_.size() == slots_.size());
}

} // namespace kodama::sim
