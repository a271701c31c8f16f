#pragma once

#include "protocol/time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kodama::runtime {

class timer_queue;

/// Something that wants to be called at one moment. Belongs to whoever arms it; unlike a CAF
/// delayed message it can be moved and cancelled, and holds nobody alive.
class timer {
public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  virtual ~timer();

  /// `never` disarms.
  void arm(timer_queue& queue, instant at);
  void cancel() noexcept;
  [[nodiscard]] bool armed() const noexcept { return queue_ != nullptr; }
  [[nodiscard]] instant at() const noexcept { return queue_ ? at_ : never; }

private:
  friend class timer_queue;

  /// Called once per arming, disarmed already.
  virtual void fire() = 0;

  timer_queue* queue_ = nullptr;
  std::size_t slot_ = 0;
  instant at_{};
  std::uint64_t order_ = 0;
};

/// The timers of one home unit: a binary heap of borrowed pointers, ordered by time and then by the
/// order of arming, never by address. A session keeps one timer for all it waits for, and a message
/// that arrives does not touch it: so an idle session costs one timer operation per keepalive.
class timer_queue {
public:
  [[nodiscard]] instant next() const noexcept { return heap_.empty() ? never : heap_.front()->at_; }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  /// Fires everything due at `now`.
  void fire_due(instant now);

private:
  friend class timer;

  void insert(timer& what);
  void remove(timer& what) noexcept;
  void sift_up(std::size_t slot) noexcept;
  void sift_down(std::size_t slot) noexcept;
  void place(std::size_t slot, timer* what) noexcept;
  [[nodiscard]] static bool before(const timer& a, const timer& b) noexcept;

  std::vector<timer*> heap_;
  std::uint64_t armed_ = 0;
};

} // namespace kodama::runtime
