#pragma once

#include <caf/actor_clock.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace kodama::runtime {

/// A clock that nobody may use: our actors take their time from runtime::timer, which can be
/// cancelled and keeps no dead actor alive. Whoever calls delayed_send or a request with a timeout
/// learns so at once.
class unused_clock final : public caf::actor_clock {
public:
  time_point now() const noexcept override { return {}; }
  void set_ordinary_timeout(time_point, caf::abstract_actor*, caf::atom_value,
                            std::uint64_t) override;
  void set_multi_timeout(time_point, caf::abstract_actor*, caf::atom_value, std::uint64_t) override;
  void set_request_timeout(time_point, caf::abstract_actor*, caf::message_id) override;
  void cancel_ordinary_timeout(caf::abstract_actor*, caf::atom_value) override {}
  void cancel_request_timeout(caf::abstract_actor*, caf::message_id) override {}
  void cancel_timeouts(caf::abstract_actor*) override {}
  void schedule_message(time_point, caf::strong_actor_ptr, caf::mailbox_element_ptr) override;
  void schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) override;
  void cancel_all() override {}
};

/// What our two schedulers (net/asio_scheduler, sim/scheduler) have in common.
///
/// CAF's own start() spawns a thread for the printer behind aout(); neither world can have that, so
/// start() puts a dummy in its place, and aout() must not be used.
class coordinator : public caf::scheduler::abstract_coordinator {
public:
  using abstract_coordinator::abstract_coordinator;

  caf::actor_clock& clock() noexcept override { return clock_; }
  bool detaches_utility_actors() const override { return false; }

protected:
  void start() override;
  /// To be called last by the stop() of a subclass.
  void drop_utility_actors();

private:
  unused_clock clock_;
};

} // namespace kodama::runtime
