#pragma once

#include "sim/faults.hpp"

namespace kodama::sim {

/// Calls `visit(kind, field)` for every field of a plan (const or not), in the order of fault_kind.
/// Whatever treats all faults alike (drawing, printing, shrinking, coverage) goes through here, so
/// that a new kind is added in one place.
template <class Plan, class Visitor>
void for_each_fault(Plan& plan, Visitor&& visit) {
  using enum fault_kind;
  visit(latency, plan.latency);
  visit(jitter, plan.jitter);
  visit(bandwidth, plan.bandwidth);
  visit(new_address, plan.new_address);
  visit(black_hole, plan.black_hole);
  visit(black_hole_to_host, plan.black_hole_to_host);
  visit(black_hole_from_host, plan.black_hole_from_host);
  visit(tcp_segmentation, plan.tcp.segmentation);
  visit(tcp_reset, plan.tcp.reset);
  visit(tcp_close, plan.tcp.close);
  visit(tcp_half_open, plan.tcp.half_open);
  visit(tcp_late_delivery, plan.tcp.late_delivery);
  visit(tcp_refused, plan.tcp.refused);
  visit(tcp_slow_accept, plan.tcp.slow_accept);
  visit(udp_loss, plan.udp.loss);
  visit(udp_duplication, plan.udp.duplication);
  visit(udp_reordering, plan.udp.reordering);
  visit(udp_delay, plan.udp.delay);
  visit(udp_mtu, plan.udp.mtu);
  visit(udp_blocked_from_start, plan.udp.blocked_from_start);
  visit(udp_blocked, plan.udp.blocked);
  visit(udp_blocked_to_host, plan.udp.blocked_to_host);
  visit(udp_blocked_from_host, plan.udp.blocked_from_host);
  visit(udp_nat_port, plan.udp.nat_port);
  visit(udp_nat_address, plan.udp.nat_address);
  visit(udp_replay, plan.udp.replay);
  visit(udp_forgery, plan.udp.forgery);
  visit(server_pause, plan.process.server_pause);
  visit(server_restart, plan.process.server_restart);
  visit(client_pause, plan.process.client_pause);
  visit(client_kill, plan.process.client_kill);
  visit(client_kill_forget, plan.process.client_kill_forget);
  visit(clock_drift, plan.process.clock_drift);
  visit(clock_jump, plan.process.clock_jump);
  visit(clock_leap, plan.process.clock_leap);
  visit(client_slow_reader, plan.client.slow_reader);
  visit(client_never_reads, plan.client.never_reads);
  visit(client_flood, plan.client.flood);
  visit(client_malformed, plan.client.malformed);
  visit(client_wrong_token, plan.client.wrong_token);
  visit(client_expired_token, plan.client.expired_token);
  visit(client_second_copy, plan.client.second_copy);
  visit(reconnect_storm, plan.client.reconnect_storm);
}

[[nodiscard]] inline bool is_on(probability p) noexcept {
  return p.of_65536 != 0;
}
[[nodiscard]] inline bool is_on(duration d) noexcept {
  return d > duration{0};
}
[[nodiscard]] inline bool is_on(const spell& s) noexcept {
  return s.every > duration{0};
}
[[nodiscard]] inline bool is_on(const slowness& s) noexcept {
  return is_on(s.odds) && is_on(s.longest);
}
[[nodiscard]] inline bool is_on(ceiling c) noexcept {
  return c.value != 0;
}
[[nodiscard]] inline bool is_on(deviation d) noexcept {
  return d.value != 0;
}

} // namespace kodama::sim
