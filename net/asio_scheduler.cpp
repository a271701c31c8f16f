#include "net/asio_scheduler.hpp"

#include <utility>

namespace kodama::net {

asio_scheduler::asio_scheduler(caf::actor_system& system, std::size_t threads)
    : coordinator{system} {
  for (std::size_t i = 0; i != threads; ++i)
    shards_.push_back(std::make_unique<shard>(&system, i, threads));
}

std::vector<runtime::home_unit*> asio_scheduler::homes() const {
  std::vector<runtime::home_unit*> homes;
  for (const auto& each : shards_)
    homes.push_back(each.get());
  return homes;
}

void asio_scheduler::run() {
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < shards_.size(); ++i)
    others.emplace_back([this, i] { shards_[i]->run(); });
  shards_[0]->run();
  for (auto& other : others)
    other.join();
}

void asio_scheduler::stop_all() {
  for (const auto& each : shards_)
    each->stop();
}

void asio_scheduler::enqueue(caf::resumable* what) {
  // Our own actors know their home; this is for whatever CAF itself may start.
  shards_[0]->exec_later(what);
}

void asio_scheduler::stop() {
  // Round after round: what one shard drops may still wake an actor of another.
  bool any = true;
  while (std::exchange(any, false))
    for (const auto& each : shards_)
      any = each->drop_queued() || any;
  drop_utility_actors();
}

asio_scheduler& scheduler_of(caf::actor_system& system) {
  return static_cast<asio_scheduler&>(system.scheduler());
}

threads_config::threads_config(std::size_t threads) {
  module_factories.emplace_back([threads](caf::actor_system& system) -> caf::actor_system::module* {
    return new asio_scheduler{system, threads};
  });
}

} // namespace kodama::net
