#include "actors/runtime/pinned_actor.hpp"

#include <caf/detail/invoke_result_visitor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/system_messages.hpp>

namespace kodama::runtime {
namespace {

/// Nobody waits for what a handler returns.
class no_answer final : public caf::detail::invoke_result_visitor {
public:
  void operator()() override {}
  void operator()(caf::error&) override {}
  void operator()(caf::message&) override {}
  void operator()(const caf::none_t&) override {}
};

} // namespace

void pinned_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!home_->is_current()) {
    home_->deliver(caf::strong_actor_ptr{ctrl()}, std::move(what));
    return;
  }
  if (getf(is_cleaned_up_flag))
    return;
  mailbox_.push(std::move(what));
  if (!is_scheduled_)
    schedule();
}

void pinned_actor::launch(caf::execution_unit*, bool, bool hide) {
  if (!hide)
    register_at_system();
  schedule();
}

void pinned_actor::schedule() {
  is_scheduled_ = true;
  caf::intrusive_ptr_add_ref(ctrl()); // the queue's
  home_->exec_later(this);
}

caf::resumable::resume_result pinned_actor::resume(caf::execution_unit* on,
                                                   std::size_t messages_max) noexcept {
  context(on);
  if (!getf(is_initialized_flag)) {
    setf(is_initialized_flag);
    behavior_ = make_behavior();
  }
  for (std::size_t i = 0; i != messages_max && !is_quitting_ && !mailbox_.empty(); ++i)
    handle(*mailbox_.pop());
  if (is_quitting_) {
    end();
    return done;
  }
  if (!mailbox_.empty())
    return resume_later;
  is_scheduled_ = false;
  return awaiting_message;
}

void pinned_actor::handle(caf::mailbox_element& what) {
  current_element_ = &what;
  no_answer answer;
  if (behavior_(answer, what.content()) == caf::match_case::no_match &&
      what.content().match_elements<caf::exit_msg>())
    quit();
  current_element_ = nullptr;
}

void pinned_actor::end() {
  KODAMA_ASSERT(!getf(is_cleaned_up_flag));
  on_exit();
  behavior_ = {};
  cleanup(caf::exit_reason::normal, context());
}

bool pinned_actor::cleanup(caf::error&& reason, caf::execution_unit* host) {
  mailbox_.clear();
  return extended_base::cleanup(std::move(reason), host);
}

void alarm::fire() {
  owner_.enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, alarm_rang{}),
                 &owner_.home());
}

} // namespace kodama::runtime
