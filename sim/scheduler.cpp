#include "sim/scheduler.hpp"

#include <chrono>
#include <typeinfo>

namespace kodama::sim {
namespace {

/// How far actors may fall behind the network, as those of a busy thread do.
constexpr duration lag_max = std::chrono::milliseconds{5};

} // namespace

void sim_home::deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) {
  to->enqueue(std::move(what), this);
}

void sim_home::exec_later(caf::resumable* what) {
  if (ready_.empty())
    ready_since_ = queue_.now();
  ready_.push_back(what);
  // CAF has some of its own. They run when the system goes down, without a decision about it.
  const bool is_ours = what->subtype() == runtime::pinned_actor::own_subtype;
  mailboxes_.push_back(is_ours ? names_.of(*static_cast<runtime::pinned_actor*>(what)) : 0);
}

std::uint64_t actor_names::of(const runtime::pinned_actor& who) {
  if (known_.size() <= who.id())
    known_.resize(who.id() + 1);
  auto& name = known_[who.id()];
  if (name == 0) {
    const auto kind = hash_of(typeid(who).name());
    name = entity_of(kind, counts_[kind]++);
  }
  return name;
}

std::optional<instant> sim_home::next_packet(bool packets) {
  if (packets && schedule_.by_priority() && queue_.next_time() <= ready_since_ + lag_max)
    return queue_.next_time();
  return std::nullopt;
}

bool sim_home::run_one(bool packets) {
  if (ready_.empty())
    return false;
  const auto chosen = schedule_.choose(queue_.now(), mailboxes_, next_packet(packets));
  if (chosen.packet)
    return false;
  const auto at = static_cast<std::ptrdiff_t>(chosen.mailbox);
  auto* what = ready_[chosen.mailbox];
  ready_.erase(ready_.begin() + at);
  mailboxes_.erase(mailboxes_.begin() + at);
  run(what);
  return true;
}

void sim_home::run_out() {
  while (!ready_.empty()) {
    auto* what = ready_.back();
    ready_.pop_back();
    mailboxes_.pop_back();
    run(what);
  }
}

void scheduler::stop() {
  home_.run_out();
  drop_utility_actors();
}

sim_config::sim_config(event_queue& queue, const host_clock& clock, const schedule& order) {
  module_factories.emplace_back(
      [&queue, &clock, order](caf::actor_system& system) -> caf::actor_system::module* {
        return new scheduler{system, queue, clock, order};
      });
}

sim_home& home_of(caf::actor_system& system) {
  return static_cast<scheduler&>(system.scheduler()).home();
}

} // namespace kodama::sim
