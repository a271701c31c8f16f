#pragma once

#include "actors/messages.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "protocol/chance.hpp"
#include "protocol/udp_path.hpp"

#include <optional>

namespace kodama::actors {

/// Decides by which transport a session's unreliable messages go: UDP while its path is proven,
/// TCP otherwise. One per session, from the first authentic datagram on.
///
/// On the control path only: it probes, measures and decides, and tells its session each change of
/// route; no message passes through it. The rules are protocol/udp_path; this actor gives it time
/// and a voice.
class transport_selector final : public runtime::pinned_actor {
public:
  transport_selector(caf::actor_config& config, caf::actor session, udp_path::options options,
                     chance& random);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// Passes on what the path wants now.
  void pump();
  [[nodiscard]] bool is_current(path_id path) const noexcept { return path != 0 && path == path_; }

  caf::actor session_;
  udp_path::options options_;
  chance& random_;
  path_id path_ = 0;
  std::optional<udp_path> state_;
  std::optional<udp_path::route> told_;
  runtime::alarm alarm_;
};

} // namespace kodama::actors
