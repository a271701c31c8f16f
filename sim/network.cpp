#include "sim/network.hpp"

#include "protocol/assert.hpp"

#include <string>

namespace kodama::sim {
namespace {

constexpr trace_kind fault_trace{"fault"};
constexpr trace_kind healed_trace{"healed"};

} // namespace

network::network(const context& world, const network_options& chosen)
    : world_{world}
    , links_{world_}
    , tap_{world.history.tells() ? std::optional<story_tap>{std::in_place, world_, links_}
                                 : std::nullopt}
    , tcp_{world_, links_, tap_ ? &*tap_ : nullptr, chosen.tcp}
    , udp_{world_, links_, tap_ ? &*tap_ : nullptr, chosen.udp} {}

host_id network::add_host(std::string_view name, role what) {
  const auto host = links_.add(name);
  roles_.push_back(what);
  decision_stream random{world_.seed, "udp.blocked_from_start", links_.key(host)};
  if (what == role::client && !healed() && random.happens(world_.plan.udp.blocked_from_start)) {
    links_.block(host, transport_kind::udp, way::both);
    walled_.push_back(host);
    world_.faults.strike(fault_kind::udp_blocked_from_start);
  }
  return host;
}

fault_target network::target(host_id host) const {
  return {host, links_.key(host), roles_[static_cast<std::size_t>(host)] == role::server};
}

bool network::can_strike(fault_kind kind) noexcept {
  using enum fault_kind;
  switch (kind) {
  case new_address:
  case black_hole:
  case black_hole_to_host:
  case black_hole_from_host:
  case tcp_reset:
  case tcp_close:
  case tcp_half_open:
  case tcp_late_delivery:
  case udp_blocked:
  case udp_blocked_to_host:
  case udp_blocked_from_host:
  case udp_nat_port:
  case udp_nat_address:
  case reconnect_storm: return true;
  default: return false;
  }
}

void network::strike(const timed_fault& fault) {
  KODAMA_ASSERT(can_strike(fault.kind));
  if (healed() || !execute(fault))
    return;
  world_.faults.strike(fault.kind);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(fault.lasts).count();
  world_.history.note(world_.queue.now(), fault.host, fault_trace,
                      static_cast<std::uint64_t>(fault.kind), static_cast<std::uint64_t>(millis), 0,
                      [&] { return tell_fault(fault); });
}

// False when there was nothing to strike.
bool network::execute(const timed_fault& fault) {
  using enum fault_kind;
  switch (fault.kind) {
  case black_hole: cut_off(fault.host, way::both, fault.lasts); return true;
  case black_hole_to_host: cut_off(fault.host, way::to_host, fault.lasts); return true;
  case black_hole_from_host: cut_off(fault.host, way::from_host, fault.lasts); return true;
  case udp_blocked: block_udp(fault.host, way::both, fault.lasts); return true;
  case udp_blocked_to_host: block_udp(fault.host, way::to_host, fault.lasts); return true;
  case udp_blocked_from_host: block_udp(fault.host, way::from_host, fault.lasts); return true;
  case udp_nat_port: rebind(fault.host, false, fault.lasts); return true;
  case udp_nat_address: rebind(fault.host, true, fault.lasts); return true;
  case new_address:
    links_.move_to_new_address(fault.host);
    udp_.follow_host(fault.host);
    tcp_.strike(fault.kind, fault.host, fault.lasts, fault.draw);
    return true;
  default: return tcp_.strike(fault.kind, fault.host, fault.lasts, fault.draw);
  }
}

void network::schedule(std::span<const timed_fault> faults) {
  const auto start = world_.queue.now();
  for (const auto& fault : faults)
    if (can_strike(fault.kind))
      world_.queue.schedule(start + fault.at, [this, fault] { strike(fault); });
  world_.queue.schedule(start + world_.plan.heal_at, [this] { heal(); });
}

void network::isolate(host_id host, duration lasts) {
  if (!healed())
    cut_off(host, way::both, lasts);
}

void network::crash(host_id host, bool resets) {
  tcp_.crash(host, resets);
  udp_.crash(host);
}

void network::heal() {
  if (healed())
    return;
  links_.heal();
  // No fault of the network but somebody's rule, which nobody mends: TCP has to do for ever.
  for (const auto host : walled_)
    links_.block(host, transport_kind::udp, way::both);
  tcp_.retransmit_all();
  world_.history.note(world_.queue.now(), host_id{}, healed_trace, 0, 0, 0,
                      [] { return "sees the network healed: no faults of it from here on"; });
}

void network::cut_off(host_id host, way direction, duration lasts) {
  links_.block(host, transport_kind::tcp, direction);
  links_.block(host, transport_kind::udp, direction);
  world_.queue.schedule_in(lasts, [this, host, direction] {
    if (healed()) // heal() has taken back everything
      return;
    links_.unblock(host, transport_kind::tcp, direction);
    links_.unblock(host, transport_kind::udp, direction);
    tcp_.retransmit(host);
  });
}

void network::block_udp(host_id host, way direction, duration lasts) {
  links_.block(host, transport_kind::udp, direction);
  world_.queue.schedule_in(lasts, [this, host, direction] {
    if (!healed())
      links_.unblock(host, transport_kind::udp, direction);
  });
}

void network::rebind(host_id host, bool address_too, duration lasts) {
  udp_.rebind(host, address_too);
  world_.queue.schedule_in(lasts, [this, host] {
    if (!healed())
      udp_.rebind_home(host);
  });
}

} // namespace kodama::sim
