#include "actors/runtime/home_unit.hpp"

#include <caf/resumable.hpp>

namespace kodama::runtime {

bool home_unit::resume(caf::resumable* what, std::size_t messages_max) {
  switch (what->resume(this, messages_max)) {
  case caf::resumable::resume_later: return true;
  case caf::resumable::done:
  case caf::resumable::awaiting_message: caf::intrusive_ptr_release(what); break;
  case caf::resumable::shutdown_execution_unit: break;
  }
  return false;
}

void home_unit::enqueue_all(const receivers& to, const caf::strong_actor_ptr& from,
                            const caf::message& what) {
  for (const auto& each : to)
    each->enqueue(caf::make_mailbox_element(from, caf::make_message_id(), {}, what), this);
}

} // namespace kodama::runtime
