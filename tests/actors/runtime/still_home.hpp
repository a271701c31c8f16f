#pragma once

#include "actors/runtime/coordinator.hpp"
#include "actors/runtime/home_unit.hpp"
#include "actors/runtime/run_queue.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <utility>

namespace kodama::runtime {

/// A home without sockets and threads, where time stands still but for pass().
class still_home final : public home_unit {
public:
  using home_unit::home_unit;

  // home_unit
  std::size_t index() const noexcept override { return 0; }
  bool is_current() const noexcept override { return true; }
  void deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) override {
    to->enqueue(std::move(what), this);
  }
  void deliver_to_all(std::shared_ptr<const receivers> to, caf::strong_actor_ptr from,
                      caf::message what) override {
    ++delivered_to_all_;
    enqueue_all(*to, from, what);
  }
  [[nodiscard]] std::size_t delivered_to_all() const noexcept { return delivered_to_all_; }
  bool is_only() const noexcept override { return true; }
  instant now() const noexcept override { return now_; }
  void exec_later(caf::resumable* what) override { queue_.push(what); }

  /// One actor handles so many messages; false where none has anything to do.
  bool run_one(std::size_t messages) {
    if (queue_.empty())
      return false;
    if (auto* what = queue_.pop(); resume(what, messages))
      queue_.push(what);
    return true;
  }
  /// A turn: until none has anything to do.
  void run_actors() {
    constexpr std::size_t messages_per_resume = 64;
    while (run_one(messages_per_resume))
      ;
  }

  /// What is due by then is fired, each in its time, and heard of.
  void pass(duration time) {
    const auto end = now_ + time;
    for (auto next = timers().next(); next <= end; next = timers().next()) {
      now_ = next;
      timers().fire_due(now_);
      run_actors();
    }
    now_ = end;
  }

private:
  instant now_{};
  run_queue queue_;
  std::size_t delivered_to_all_ = 0;
};

class still_scheduler final : public coordinator {
public:
  explicit still_scheduler(caf::actor_system& system)
      : coordinator{system}
      , home_{&system} {}

  [[nodiscard]] still_home& home() noexcept { return home_; }
  void enqueue(caf::resumable* what) override { home_.exec_later(what); }

protected:
  void stop() override {
    home_.run_actors();
    drop_utility_actors();
  }

private:
  still_home home_;
};

/// Of an actor system that has one such home.
struct still_config final : caf::actor_system_config {
  still_config() {
    module_factories.emplace_back([](caf::actor_system& system) -> caf::actor_system::module* {
      return new still_scheduler{system};
    });
  }
};

[[nodiscard]] inline still_home& still_home_of(caf::actor_system& system) {
  return static_cast<still_scheduler&>(system.scheduler()).home();
}

} // namespace kodama::runtime
