#include "tests/bench/bench_node.hpp"

#include "actors/messages.hpp"
#include "protocol/message.hpp"
#include "protocol/message_reader.hpp"

#include <caf/send.hpp>

namespace kodama {
namespace {

bool is_welcomed(byte_view answer) {
  message_reader reader{decode_limits{}};
  reader.feed(answer);
  const auto first = reader.next();
  return first && *first && std::holds_alternative<message::connack_success>((*first)->body);
}

} // namespace

void bench_link::receive(byte_view data) {
  caf::anon_send(owner_, actors::link_received{id_, bytes{data.begin(), data.end()}});
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

runtime::still_home& bench_node::home() noexcept {
  return runtime::still_home_of(system_);
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
