#pragma once

#include "protocol/time.hpp"
#include "sim/callback.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kodama::sim {

/// Names a scheduled event; the default one names none.
struct event_token {
  std::uint32_t slot = 0;
  std::uint64_t ordinal = 0;

  explicit operator bool() const noexcept { return ordinal != 0; }
};

/// The virtual clock of one run, and everything that is going to happen.
///
/// Events run in the order of (time, moment of scheduling): a total order that depends on nothing
/// else. Time moves only inside run_next() and advance_to(), and never back. Callbacks may schedule
/// and cancel at will; they must not call run_next(). One per run, one thread.
class event_queue {
public:
  explicit event_queue(instant start = instant{})
      : now_{start} {}

  [[nodiscard]] instant now() const noexcept { return now_; }

  /// An event of the past runs now: whoever computed it was merely late.
  event_token schedule(instant when, callback what);
  event_token schedule_in(duration wait, callback what) {
    return schedule(now_ + wait, std::move(what));
  }

  /// Forgets the event and destroys its captures at once. False when it has run, is running, or was
  /// cancelled before.
  bool cancel(event_token token);

  /// When the next event will run; `never` when there is none.
  [[nodiscard]] instant next_time();
  /// Moves the clock to the next event and runs it. False when there is none.
  bool run_next();
  /// Runs everything up to and including `when`, and leaves the clock there.
  void run_until(instant when);
  /// Moves the clock without running anything; nothing may be due before `when`.
  void advance_to(instant when);

  [[nodiscard]] bool empty() const noexcept { return waiting_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return waiting_; }
  [[nodiscard]] std::uint64_t events_run() const noexcept { return run_; }

private:
  struct entry {
    instant when;
    std::uint64_t ordinal;
    std::uint32_t slot;
  };
  struct slot {
    std::uint64_t ordinal = 0; ///< of the event that lives here; 0: free
    callback what;
  };
  // A type rather than a function: the heap's loops can then inline it.
  struct later {
    bool operator()(const entry& a, const entry& b) const noexcept {
      return a.when != b.when ? a.when > b.when : a.ordinal > b.ordinal;
    }
  };

  [[nodiscard]] bool is_cancelled(const entry& e) const noexcept {
    return slots_[e.slot].ordinal != e.ordinal;
  }
  void drop_cancelled_top();
  void drop_all_cancelled();
  void check() const;

  instant now_;
  std::uint64_t last_ordinal_ = 0;
  std::uint64_t run_ = 0;
  std::size_t waiting_ = 0;
  std::vector<entry> heap_; ///< binary heap; cancelled entries stay until they surface
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
};

} // namespace kodama::sim
