#include "actors/runtime/pinned_actor.hpp"

#include <caf/mailbox_element.hpp>

namespace kodama::runtime {

void pinned_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (home_->is_current())
    event_based_actor::enqueue(std::move(what), home_);
  else
    home_->deliver(caf::strong_actor_ptr{ctrl()}, std::move(what));
}

void pinned_actor::launch(caf::execution_unit*, bool lazy, bool hide) {
  event_based_actor::launch(home_, lazy, hide);
}

void alarm::fire() {
  owner_.enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, alarm_rang{}),
                 &owner_.home());
}

} // namespace kodama::runtime
