#include "actors/runtime/coordinator.hpp"

#include "protocol/assert.hpp"

#include <caf/actor_config.hpp>
#include <caf/group.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

namespace kodama::runtime {
namespace {

class silent_printer final : public caf::monitorable_actor {
public:
  explicit silent_printer(caf::actor_config& config)
      : monitorable_actor(config) {}
  void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
  const char* name() const override { return "silent_printer"; }
};

[[noreturn]] void refuse() {
  KODAMA_ASSERT(!"actors take their time from runtime::timer, not from CAF's clock");
  __builtin_unreachable();
}

} // namespace

void unused_clock::set_ordinary_timeout(time_point, caf::abstract_actor*, caf::atom_value,
                                        std::uint64_t) {
  refuse();
}
void unused_clock::set_multi_timeout(time_point, caf::abstract_actor*, caf::atom_value,
                                     std::uint64_t) {
  refuse();
}
void unused_clock::set_request_timeout(time_point, caf::abstract_actor*, caf::message_id) {
  refuse();
}
void unused_clock::schedule_message(time_point, caf::strong_actor_ptr, caf::mailbox_element_ptr) {
  refuse();
}
void unused_clock::schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) {
  refuse();
}

void coordinator::start() {
  caf::actor_config config{system().dummy_execution_unit()};
  utility_actors_[printer_id] = caf::make_actor<silent_printer, caf::actor>(
      system().next_actor_id(), system().node(), &system(), config);
}

void coordinator::drop_utility_actors() {
  utility_actors_[printer_id] = nullptr;
}

} // namespace kodama::runtime
