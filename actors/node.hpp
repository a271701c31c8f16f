#pragma once

#include "actors/options.hpp"
#include "actors/retained_quota.hpp"
#include "actors/runtime/home_unit.hpp"
#include "actors/world.hpp"

#include <caf/actor.hpp>

#include <vector>

namespace kodama::actors {

/// The whole server on one page: spawns the actors and holds them together.
///
/// The server on sockets and the simulator start the identical set from here. Created before its
/// homes run; its destructor ends all of its actors, without a word to anybody, in the turns that
/// follow. `options` and `world` outlive those.
class node {
public:
  node(std::vector<runtime::home_unit*> homes, const node_options& options,
       const surroundings& world);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Where a home's new connections go, as link_accepted.
  [[nodiscard]] const caf::actor& door(std::size_t home) const { return doors_[home]; }
  /// The same for connections that speak MQTT.
  [[nodiscard]] const caf::actor& mqtt_door(std::size_t home) const { return mqtt_doors_[home]; }

  /// For those who publish without a session (net/http_gateway).
  [[nodiscard]] const caf::actor& directory() const noexcept { return directory_; }
  [[nodiscard]] const retained_quota_ptr& retained() const noexcept { return retained_; }

  /// Tells every client that the server is going away and ends every session. To be called on home
  /// 0; takes a few turns.
  void shut_down();

private:
  retained_quota_ptr retained_;
  caf::actor directory_;
  caf::actor registry_;
  std::vector<caf::actor> doors_;
  std::vector<caf::actor> mqtt_doors_;
};

} // namespace kodama::actors
