#pragma once

#include "actors/runtime/coordinator.hpp"
#include "net/shard.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace kodama::net {

/// CAF's scheduler on Asio threads: one shard each, actors on the thread that owns their socket.
///
/// Loaded by `threads_config`; run() turns the calling thread into shard 0 and starts the others.
class asio_scheduler final : public runtime::coordinator {
public:
  asio_scheduler(caf::actor_system& system, std::size_t threads);

  [[nodiscard]] shard& at(std::size_t index) noexcept { return *shards_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return shards_.size(); }
  [[nodiscard]] std::vector<runtime::home_unit*> homes() const;

  /// Returns when every shard has stopped.
  void run();
  /// From any thread.
  void stop_all();

  // coordinator
  void enqueue(caf::resumable* what) override;

protected:
  void stop() override;

private:
  std::vector<std::unique_ptr<shard>> shards_;
};

/// The scheduler of a system that was made with a threads_config.
[[nodiscard]] asio_scheduler& scheduler_of(caf::actor_system& system);

/// Configures an actor system to run on `threads` shards.
class threads_config final : public caf::actor_system_config {
public:
  explicit threads_config(std::size_t threads);
};

} // namespace kodama::net
