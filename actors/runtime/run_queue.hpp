#pragma once

#include <caf/resumable.hpp>

#include <cstddef>
#include <vector>

namespace kodama::runtime {

/// The actors of one home that have something to do, first in first out: a ring that grows.
/// Borrows; whoever pops owns the reference that CAF counted when it pushed.
class run_queue {
public:
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }

  void push(caf::resumable* what) {
    if (tail_ - head_ == ring_.size())
      grow();
    ring_[tail_++ & (ring_.size() - 1)] = what;
  }

  [[nodiscard]] caf::resumable* pop() noexcept { return ring_[head_++ & (ring_.size() - 1)]; }

private:
  void grow() {
    std::vector<caf::resumable*> larger(ring_.size() * 2); // a power of two stays one
    std::size_t count = 0;
    for (auto i = head_; i != tail_; ++i)
      larger[count++] = ring_[i & (ring_.size() - 1)];
    ring_.swap(larger);
    head_ = 0;
    tail_ = count;
  }

  std::vector<caf::resumable*> ring_ = std::vector<caf::resumable*>(256);
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

} // namespace kodama::runtime
