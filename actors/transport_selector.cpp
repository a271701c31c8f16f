#include "actors/transport_selector.hpp"

namespace kodama::actors {

transport_selector::transport_selector(caf::actor_config& config, caf::actor session,
                                       udp_path::options options, chance& random)
    : pinned_actor{config}
    , session_{std::move(session)}
    , options_{std::move(options)}
    , random_{random}
    , alarm_{*this} {}

caf::behavior transport_selector::make_behavior() {
  return {
      [this](const path_reset& m) {
        path_ = m.path;
        told_.reset();
        if (path_ != 0)
          state_.emplace(udp_path::role::server, options_, random_);
        else
          state_.reset();
        pump();
      },
      [this](const path_seen& m) {
        if (!is_current(m.path))
          return;
        state_->handle_datagram(now(), m.from, m.newest, m.datagram_size);
        pump();
      },
      [this](const path_probed& m) {
        if (!is_current(m.path))
          return;
        state_->handle_probe(now(), m.from, message::udp_probe{m.probe}, m.datagram_size);
        pump();
      },
      [this](const path_answered& m) {
        if (!is_current(m.path))
          return;
        state_->handle_probe_ack(now(), m.from, message::udp_probe_ack{m.probe});
        pump();
      },
      [this](runtime::alarm_rang) {
        if (!state_)
          return;
        state_->handle_timeout(now());
        pump();
      },
      [this](const client_left&) { quit(); },
  };
}

void transport_selector::on_exit() {
  alarm_.cancel();
  session_ = nullptr;
}

void transport_selector::pump() {
  if (!state_) {
    alarm_.cancel();
    return;
  }
  while (auto wanted = state_->poll_transmit())
    send(session_, path_transmit{path_, *wanted});
  if (const auto route = state_->current_route(); route != told_) {
    told_ = route;
    send(session_, path_route{path_, route});
  }
  alarm_.arm_at(state_->poll_timeout());
}

} // namespace kodama::actors
