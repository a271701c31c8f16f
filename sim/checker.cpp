#include "sim/checker.hpp"

#include "sim/checkers/authenticated.hpp"
#include "sim/checkers/bounded_memory.hpp"
#include "sim/checkers/exactly_once.hpp"
#include "sim/checkers/liveness.hpp"
#include "sim/checkers/mqtt.hpp"
#include "sim/checkers/no_silent_loss.hpp"
#include "sim/checkers/one_owner.hpp"
#include "sim/checkers/presence_fold.hpp"
#include "sim/checkers/publisher_order.hpp"
#include "sim/checkers/subscribe_edge.hpp"
#include "sim/checkers/text.hpp"
#include "sim/checkers/topic_order.hpp"
#include "sim/checkers/unreliable_at_most_once.hpp"

#include <utility>

namespace kodama::sim {
namespace {

/// One broken promise tends to break again and again; the first few tell the story.
constexpr std::size_t violations_max = 20;

} // namespace

void checker::violate(instant when, std::string text) {
  if (violations_.size() < violations_max)
    violations_.push_back({promise(), when, std::move(text)});
}

std::string name_of(user_id user, session_key session) {
  return checkers::text("user ", user, " (", session.client == 0 ? "no session" : name_of(session),
                        ")");
}

std::string name_of(session_key session) {
  return checkers::text("session ", session.server_life, "/", session.client);
}

std::string name_of(message_tag tag) {
  if (tag == empty_message)
    return "nothing#1";
  if (tag.user >= will_base)
    return checkers::text("will", tag.user - will_base, "#", tag.number);
  if (is_of_mqtt(tag))
    return checkers::text("mqtt", tag.user - mqtt_user_base, "#", tag.number);
  return checkers::text(tag.user, "#", tag.number);
}

std::vector<std::unique_ptr<checker>> all_checkers(const bounds& limits) {
  using namespace checkers;
  std::vector<std::unique_ptr<checker>> all;
  // At the end of a run the order decides which is told first: where a connection is dead and
  // nobody notices, other promises break in consequence.
  all.push_back(std::make_unique<liveness>(limits));
  all.push_back(std::make_unique<mqtt_rules>(limits));
  all.push_back(std::make_unique<exactly_once>());
  all.push_back(std::make_unique<publisher_order>());
  all.push_back(std::make_unique<topic_order>());
  all.push_back(std::make_unique<no_silent_loss>(limits));
  all.push_back(std::make_unique<subscribe_edge>(limits));
  all.push_back(std::make_unique<one_owner>());
  all.push_back(std::make_unique<unreliable_at_most_once>());
  all.push_back(std::make_unique<presence_fold>(limits));
  all.push_back(std::make_unique<bounded_memory>(limits));
  all.push_back(std::make_unique<authenticated>());
  return all;
}

std::vector<std::string_view> all_promises() {
  std::vector<std::string_view> names;
  for (const auto& each : all_checkers({}))
    names.push_back(each->promise());
  return names;
}

} // namespace kodama::sim
