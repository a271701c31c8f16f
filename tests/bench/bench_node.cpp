#include "tests/bench/bench_node.hpp"

#include "actors/messages.hpp"
#include "protocol/message.hpp"
#include "protocol/message_reader.hpp"

#include <caf/send.hpp>

namespace kodama {
namespace {

constexpr std::size_t messages_per_resume = 64;

bool is_welcomed(byte_view answer) {
  message_reader reader{decode_limits{}};
  reader.feed(answer);
  const auto first = reader.next();
  return first && *first && std::holds_alternative<message::connack_success>((*first)->body);
}

} // namespace

void bench_home::deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) {
  to->enqueue(std::move(what), this);
}

void bench_home::run_actors() {
  while (!queue_.empty())
    if (auto* what = queue_.pop(); resume(what, messages_per_resume))
      queue_.push(what);
}

void bench_scheduler::stop() {
  home_.run_actors();
  drop_utility_actors();
}

void bench_link::receive(byte_view data) {
  caf::anon_send(owner_, actors::link_received{id_, bytes{data.begin(), data.end()}});
}

bench_node::config::config() {
  module_factories.emplace_back([](caf::actor_system& system) -> caf::actor_system::module* {
    return new bench_scheduler{system};
  });
}

bench_node::bench_node() {
  options_.unauthenticated_max = options_.connections_max;
  system_.await_actors_before_shutdown(false);
  node_ = std::make_unique<actors::node>(std::vector<runtime::home_unit*>{&home()}, options_,
                                         surroundings_);
}

bench_node::~bench_node() {
  node_.reset();
  home().run_actors();
}

bench_home& bench_node::home() noexcept {
  return static_cast<bench_scheduler&>(system_.scheduler()).home();
}

bool bench_node::connect(std::size_t count, std::string_view topic) {
  message::connect_token who;
  who.keepalive_ms = 60'000;
  bytes said;
  message::encode(said, who, 0);
  if (!topic.empty())
    message::encode(said, message::subscribe{1, topic}, 0);
  for (std::size_t i = 0; i != count; ++i) {
    links_.push_back(std::make_shared<bench_link>(links_.size() + 1));
    caf::anon_send(node_->door(0), actors::link_accepted{links_.back(), links_.size()});
    home().run_actors();
    links_.back()->receive(said);
    home().run_actors();
    if (!is_welcomed(links_.back()->output()))
      return false;
    links_.back()->output().clear();
  }
  return true;
}

void bench_node::run() {
  home().run_actors();
  for (const auto& each : links_)
    each->output().clear();
}

} // namespace kodama
