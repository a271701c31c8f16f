#pragma once

#include "actors/messages.hpp"
#include "actors/options.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/world.hpp"

#include <map>
#include <vector>

namespace kodama::actors {

/// Knows every session by its SessionID: opens new ones and leads those who resume to theirs.
class registry final : public runtime::pinned_actor {
public:
  registry(caf::actor_config& config, std::vector<runtime::home_unit*> homes, caf::actor directory,
           const node_options& options, const surroundings& world);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void open(admission& asking);
  void refuse(const admission& asking, errc reason, std::string text);

  std::vector<runtime::home_unit*> homes_;
  caf::actor directory_;
  const node_options& options_;
  const surroundings& world_;
  std::map<session_id, caf::actor> sessions_;
  client_id last_client_ = 0;
  bool closing_ = false;
};

} // namespace kodama::actors
