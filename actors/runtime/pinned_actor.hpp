#pragma once

#include "actors/runtime/home_unit.hpp"
#include "actors/runtime/timer_queue.hpp"
#include "protocol/assert.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <utility>

namespace kodama::runtime {

/// The base of all our actors: lives on one home unit, whoever sends to it from wherever.
///
/// A subclass keeps handles of other actors in members only if its on_exit() clears them: CAF
/// counts references, and two actors that hold each other never go away.
class pinned_actor : public caf::event_based_actor {
public:
  explicit pinned_actor(caf::actor_config& config)
      : event_based_actor(config)
      , home_{static_cast<home_unit*>(config.host)} {}

  using event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override;
  void launch(caf::execution_unit*, bool lazy, bool hide) override;

  [[nodiscard]] home_unit& home() const noexcept { return *home_; }
  [[nodiscard]] instant now() const noexcept { return home_->now(); }

private:
  home_unit* home_;
};

/// Spawns an actor on `home`, from any home: the constructor runs here, everything else there.
template <class Actor, class... Arguments>
[[nodiscard]] caf::actor spawn_on(home_unit& home, Arguments&&... arguments) {
  caf::actor_config config{&home};
  return home.system().template spawn_impl<Actor, caf::no_spawn_options>(
      config, std::forward<Arguments>(arguments)...);
}

/// What an actor gets when its alarm rings.
struct alarm_rang {};

/// The timer of an actor: rings by sending it alarm_rang. A member of the actor.
class alarm final : public timer {
public:
  explicit alarm(pinned_actor& owner)
      : owner_{owner} {}

  /// On the owner's home, so not in its constructor.
  void arm_at(instant at) {
    KODAMA_ASSERT(owner_.home().is_current());
    arm(owner_.home().timers(), at);
  }

private:
  void fire() override;

  pinned_actor& owner_;
};

} // namespace kodama::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::alarm_rang)
