#pragma once

#include "actors/runtime/home_unit.hpp"
#include "actors/runtime/mailbox.hpp"
#include "actors/runtime/timer_queue.hpp"
#include "protocol/assert.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/extend.hpp>
#include <caf/local_actor.hpp>
#include <caf/mixin/sender.hpp>
#include <caf/resumable.hpp>

#include <cstddef>
#include <utility>

namespace kodama::runtime {

/// The base of all our actors: lives on one home unit, whoever sends to it from wherever.
///
/// To CAF an actor like any other: spawned by its system, named by its handles, sent to by its
/// send(). Only what stands behind that is ours. CAF's own base for such actors brings queues for
/// streams and urgent messages, tables of pending requests, handlers for errors, links and
/// monitors: 800 bytes in each actor, and a good part of the time that a message takes. Ours need
/// none of it (docs/decisions/0015): a message that the behavior does not know is dropped, an exit
/// message means quit(), nobody asks for an answer, and what a handler throws ends the process.
///
/// A subclass keeps handles of other actors in members only if its on_exit() clears them: CAF
/// counts references, and two actors that hold each other never go away.
class pinned_actor : public caf::extend<caf::local_actor, pinned_actor>::with<caf::mixin::sender>,
                     public caf::dynamically_typed_actor_base,
                     public caf::resumable {
public:
  using signatures = caf::none_t;      ///< for caf::actor_system::spawn
  using behavior_type = caf::behavior; ///< likewise

  explicit pinned_actor(caf::actor_config& config)
      : extended_base(config)
      , home_{static_cast<home_unit*>(config.host)} {}

  // caf::abstract_actor. Thread safe; what comes from another home goes by way of its deliver().
  using extended_base::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override;

  // caf::local_actor
  void launch(caf::execution_unit*, bool lazy, bool hide) override;
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override;

  // caf::resumable
  /// CAF's own actors have others, and CAF casts what has those to its own bases.
  static constexpr subtype_t own_subtype = unspecified;
  subtype_t subtype() const override { return own_subtype; }
  resume_result resume(caf::execution_unit* on, std::size_t messages_max) noexcept override;
  void intrusive_ptr_add_ref_impl() override { caf::intrusive_ptr_add_ref(ctrl()); }
  void intrusive_ptr_release_impl() override { caf::intrusive_ptr_release(ctrl()); }

  [[nodiscard]] home_unit& home() const noexcept { return *home_; }
  [[nodiscard]] instant now() const noexcept { return home_->now(); }

protected:
  /// What it does with each message; asked for on its home, before the first one.
  [[nodiscard]] virtual caf::behavior make_behavior() = 0;
  /// After the present message there is no other: on_exit(), and the mailbox is dropped.
  void quit() noexcept { is_quitting_ = true; }

private:
  void schedule();
  void handle(caf::mailbox_element& what);
  void end();

  home_unit* home_;
  caf::behavior behavior_;
  mailbox mailbox_;
  // Touched on its home alone, once launch() has handed it over.
  bool is_scheduled_ = false; ///< in the home's queue, or running
  bool is_quitting_ = false;
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
