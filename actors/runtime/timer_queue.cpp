#include "actors/runtime/timer_queue.hpp"

namespace kodama::runtime {

timer::~timer() {
  cancel();
}

void timer::arm(timer_queue& queue, instant at) {
  if (queue_ == &queue && at_ == at)
    return;
  cancel();
  if (at == never)
    return;
  at_ = at;
  queue_ = &queue;
  queue.insert(*this);
}

void timer::cancel() noexcept {
  if (queue_)
    queue_->remove(*this);
}

void timer_queue::fire_due(instant now) {
  while (!heap_.empty() && heap_.front()->at_ <= now) {
    timer& due = *heap_.front();
    remove(due);
    due.fire();
  }
}

void timer_queue::insert(timer& what) {
  what.order_ = armed_++;
  heap_.push_back(&what);
  what.slot_ = heap_.size() - 1;
  sift_up(what.slot_);
}

void timer_queue::remove(timer& what) noexcept {
  const auto slot = what.slot_;
  what.queue_ = nullptr;
  timer* last = heap_.back();
  heap_.pop_back();
  if (last == &what)
    return;
  place(slot, last);
  sift_up(slot);
  sift_down(last->slot_);
}

void timer_queue::sift_up(std::size_t slot) noexcept {
  timer* moving = heap_[slot];
  while (slot > 0) {
    const auto parent = (slot - 1) / 2;
    if (!before(*moving, *heap_[parent]))
      break;
    place(slot, heap_[parent]);
    slot = parent;
  }
  place(slot, moving);
}

void timer_queue::sift_down(std::size_t slot) noexcept {
  timer* moving = heap_[slot];
  for (;;) {
    auto child = 2 * slot + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child]))
      ++child;
    if (!before(*heap_[child], *moving))
      break;
    place(slot, heap_[child]);
    slot = child;
  }
  place(slot, moving);
}

void timer_queue::place(std::size_t slot, timer* what) noexcept {
  heap_[slot] = what;
  what->slot_ = slot;
}

bool timer_queue::before(const timer& a, const timer& b) noexcept {
  return a.at_ != b.at_ ? a.at_ < b.at_ : a.order_ < b.order_;
}

} // namespace kodama::runtime
