#include "sim/scheduler.hpp"

namespace kodama::sim {

void sim_home::deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) {
  to->enqueue(std::move(what), this);
}

bool sim_home::run_one() {
  if (ready_.empty())
    return false;
  const auto chosen = ready_.size() == 1 ? 0 : decisions_.below(ready_.size());
  auto* what = ready_[chosen];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
  run(what);
  return true;
}

void sim_home::run_out() {
  while (!ready_.empty()) {
    auto* what = ready_.back();
    ready_.pop_back();
    run(what);
  }
}

void scheduler::stop() {
  home_.run_out();
  drop_utility_actors();
}

sim_config::sim_config(const event_queue& queue, host_clock clock, decision_stream decisions) {
  module_factories.emplace_back(
      [&queue, clock, decisions](caf::actor_system& system) -> caf::actor_system::module* {
        return new scheduler{system, queue, clock, decisions};
      });
}

sim_home& home_of(caf::actor_system& system) {
  return static_cast<scheduler&>(system.scheduler()).home();
}

} // namespace kodama::sim
