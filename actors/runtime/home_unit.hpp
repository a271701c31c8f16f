#pragma once

#include "actors/runtime/timer_queue.hpp"
#include "protocol/time.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace kodama::runtime {

using receivers = std::vector<caf::strong_actor_ptr>;

/// Where actors live: one thread of the server, or one simulated node.
///
/// Every actor of ours has one home for life, so that what belongs to it (its link, its timers,
/// shared batches) is touched from one thread only. Messages between homes hop through deliver().
class home_unit : public caf::execution_unit {
public:
  using execution_unit::execution_unit;

  /// Position among the homes of the node, from 0.
  [[nodiscard]] virtual std::size_t index() const noexcept = 0;
  /// Whether the caller runs on this home.
  [[nodiscard]] virtual bool is_current() const noexcept = 0;
  /// Takes a message from elsewhere into the mailbox of an actor that lives here; what one home
  /// sends, at the end of its turn. Nothing overtakes what caused it. Thread safe.
  virtual void deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) = 0;
  /// The same message for many who live here. Keeps `to`, which does not change any more.
  virtual void deliver_to_all(std::shared_ptr<const receivers> to, caf::strong_actor_ptr from,
                              caf::message what) = 0;
  /// Whether the node has no other home.
  [[nodiscard]] virtual bool is_only() const noexcept = 0;
  /// The present turn's time; it does not move within a turn.
  [[nodiscard]] virtual instant now() const noexcept = 0;
  [[nodiscard]] timer_queue& timers() noexcept { return timers_; }

protected:
  /// Lets an actor handle up to `messages_max` messages. True when it has more and is to be queued
  /// again; otherwise the queue's reference to it has been given up.
  [[nodiscard]] bool resume(caf::resumable* what, std::size_t messages_max);
  /// What deliver_to_all() comes to, here.
  void enqueue_all(const receivers& to, const caf::strong_actor_ptr& from,
                   const caf::message& what);

private:
  timer_queue timers_;
};

} // namespace kodama::runtime
