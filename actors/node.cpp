#include "actors/node.hpp"

#include "actors/directory.hpp"
#include "actors/door.hpp"
#include "actors/messages.hpp"
#include "actors/mqtt_door.hpp"
#include "actors/registry.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

namespace kodama::actors {

node::node(std::vector<runtime::home_unit*> homes, const node_options& options,
           const surroundings& world)
    : retained_{
          std::make_shared<retained_quota>(options.retained_max, options.retained_bytes_max)} {
  directory_ = runtime::spawn_on<actors::directory>(*homes[0], homes, options, world.watching);
  registry_ = runtime::spawn_on<registry>(*homes[0], homes, directory_, retained_, options, world);
  for (auto* home : homes) {
    doors_.push_back(runtime::spawn_on<actors::door>(*home, registry_, options, world));
    mqtt_doors_.push_back(runtime::spawn_on<actors::mqtt_door>(*home, registry_, options, world));
  }
}

node::~node() {
  // The rest follows: each takes those with it whom it has spawned.
  for (const auto& each : doors_)
    caf::anon_send_exit(each, caf::exit_reason::kill);
  for (const auto& each : mqtt_doors_)
    caf::anon_send_exit(each, caf::exit_reason::kill);
  caf::anon_send_exit(registry_, caf::exit_reason::kill);
  caf::anon_send_exit(directory_, caf::exit_reason::kill);
}

void node::shut_down() {
  for (const auto& each : doors_)
    caf::anon_send(each, actors::shut_down{});
  for (const auto& each : mqtt_doors_)
    caf::anon_send(each, actors::shut_down{});
  caf::anon_send(registry_, actors::shut_down{});
}

} // namespace kodama::actors
