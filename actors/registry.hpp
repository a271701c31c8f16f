#pragma once

#include "actors/messages.hpp"
#include "actors/options.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/world.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kodama::actors {

/// Knows every session, native ones by their SessionID, MQTT ones by their holder and Client
/// Identifier: opens new ones and leads those who come back to theirs.
class registry final : public runtime::pinned_actor {
public:
  registry(caf::actor_config& config, std::vector<runtime::home_unit*> homes, caf::actor directory,
           retained_quota_ptr retained, const node_options& options, const surroundings& world);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void open(admission& asking);
  void open(mqtt_admission& asking);
  [[nodiscard]] std::string new_client_name();
  [[nodiscard]] bool is_full() const noexcept {
    return sessions_.size() + mqtt_sessions_.size() >= options_.sessions_max;
  }
  void refuse(const admission& asking, errc reason, std::string text);

  std::vector<runtime::home_unit*> homes_;
  caf::actor directory_;
  retained_quota_ptr retained_;
  const node_options& options_;
  const surroundings& world_;
  std::map<session_id, caf::actor> sessions_;
  std::map<std::pair<std::size_t, std::string>, caf::actor> mqtt_sessions_;
  client_id last_client_ = 0;
  bool closing_ = false;
};

} // namespace kodama::actors
