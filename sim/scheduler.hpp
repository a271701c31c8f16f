#pragma once

#include "actors/runtime/coordinator.hpp"
#include "actors/runtime/home_unit.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "sim/event_queue.hpp"
#include "sim/host_clock.hpp"
#include "sim/schedule.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace kodama::sim {

/// Numbers for actors that stay their own when the code has one actor more: the kind of actor, and
/// how many of the kind there were before. CAF's ids count all of them.
class actor_names {
public:
  [[nodiscard]] std::uint64_t of(const runtime::pinned_actor& who);

private:
  std::map<std::uint64_t, std::uint64_t> counts_; ///< of each kind
  std::vector<std::uint64_t> known_;              ///< by id; 0: not yet
};

/// The home of all actors of one simulated server: no thread, no clock of its own.
///
/// Which actor runs next is a decision of the schedule. Under a uniform one time stands still until
/// none can run; under one by priorities packets may arrive before, for a little while.
class sim_home final : public runtime::home_unit {
public:
  sim_home(caf::actor_system* system, event_queue& queue, const host_clock& clock, schedule order)
      : home_unit{system}
      , queue_{queue}
      , clock_{clock}
      , schedule_{std::move(order)} {}

  // home_unit
  std::size_t index() const noexcept override { return 0; }
  bool is_current() const noexcept override { return true; }
  void deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) override;
  void deliver_to_all(std::shared_ptr<const runtime::receivers> to, caf::strong_actor_ptr from,
                      caf::message what) override {
    enqueue_all(*to, from, what);
  }
  bool is_only() const noexcept override { return true; }
  instant now() const noexcept override { return clock_.to_local(queue_.now()); }
  void exec_later(caf::resumable* what) override;

  /// When the first timer is due, in the world's time.
  [[nodiscard]] instant next_timer() noexcept { return clock_.to_world(timers().next()); }
  void fire_timers() { timers().fire_due(now()); }

  /// Lets one actor that can run handle one message; false when none can, or when the network's
  /// next event is to happen before that. Without `packets` it never is.
  bool run_one(bool packets);
  /// Whether somebody has to run before the network's next event.
  [[nodiscard]] bool is_behind(bool packets) { return !ready_.empty() && !next_packet(packets); }
  /// Runs in any order, without decisions, until nothing can: for the end of a process.
  void run_out();

private:
  /// When the network's next event is, where it may happen before those who are ready.
  [[nodiscard]] std::optional<instant> next_packet(bool packets);
  void run(caf::resumable* what) {
    const auto since = ready_since_;
    if (!resume(what, 1))
      return;
    exec_later(what);
    ready_since_ = since; // what is left in its mailbox waits no less because something was done
  }

  event_queue& queue_;
  const host_clock& clock_; ///< the machine's
  schedule schedule_;
  std::vector<caf::resumable*> ready_;   ///< in the order in which they became ready
  std::vector<std::uint64_t> mailboxes_; ///< of each, the actor's number
  actor_names names_;
  instant ready_since_; ///< somebody has been ready since then
};

/// CAF's scheduler inside the simulator.
class scheduler final : public runtime::coordinator {
public:
  scheduler(caf::actor_system& system, event_queue& queue, const host_clock& clock, schedule order)
      : coordinator{system}
      , home_{&system, queue, clock, std::move(order)} {}

  [[nodiscard]] sim_home& home() noexcept { return home_; }
  void enqueue(caf::resumable* what) override { home_.exec_later(what); }

protected:
  void stop() override;

private:
  sim_home home_;
};

/// Configures an actor system to live in the simulator; `clock` outlives it.
class sim_config final : public caf::actor_system_config {
public:
  sim_config(event_queue& queue, const host_clock& clock, const schedule& order);
};

[[nodiscard]] sim_home& home_of(caf::actor_system& system);

} // namespace kodama::sim
