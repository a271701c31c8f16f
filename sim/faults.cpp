#include "sim/faults.hpp"

#include "sim/fault_fields.hpp"

#include <algorithm>
#include <type_traits>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, fault_kind_count> kind_names{"latency",
                                                                    "jitter",
                                                                    "bandwidth",
                                                                    "new_address",
                                                                    "black_hole",
                                                                    "black_hole_to_host",
                                                                    "black_hole_from_host",
                                                                    "tcp_segmentation",
                                                                    "tcp_reset",
                                                                    "tcp_close",
                                                                    "tcp_half_open",
                                                                    "tcp_late_delivery",
                                                                    "tcp_refused",
                                                                    "tcp_slow_accept",
                                                                    "udp_loss",
                                                                    "udp_duplication",
                                                                    "udp_reordering",
                                                                    "udp_delay",
                                                                    "udp_mtu",
                                                                    "udp_blocked_from_start",
                                                                    "udp_blocked",
                                                                    "udp_blocked_to_host",
                                                                    "udp_blocked_from_host",
                                                                    "udp_nat_port",
                                                                    "udp_nat_address",
                                                                    "udp_replay",
                                                                    "udp_forgery",
                                                                    "server_pause",
                                                                    "server_restart",
                                                                    "client_pause",
                                                                    "client_kill",
                                                                    "client_kill_forget",
                                                                    "clock_drift",
                                                                    "clock_jump",
                                                                    "clock_leap",
                                                                    "client_slow_reader",
                                                                    "client_never_reads",
                                                                    "client_flood",
                                                                    "client_malformed",
                                                                    "client_wrong_token",
                                                                    "client_expired_token",
                                                                    "client_second_copy",
                                                                    "reconnect_storm"};
static_assert(kind_names.back() == "reconnect_storm", "one name per kind, in their order");

// Intensities are halved a random number of times rather than drawn uniformly: rare faults find
// other bugs than frequent ones, and would otherwise hardly ever be drawn.
constexpr std::uint64_t halvings_max = 5;

void weaken(probability& p, decision_stream& random) {
  p.of_65536 = std::max<std::uint32_t>(p.of_65536 >> random.below(halvings_max), 1);
}
void weaken(duration& d, decision_stream& random) {
  d /= std::int64_t{1} << random.below(halvings_max);
}
void weaken(spell& s, decision_stream& random) {
  s.every *= std::int64_t{1} << random.below(halvings_max - 1);
  const auto shorter = std::int64_t{1} << random.below(halvings_max);
  s.longest = std::max(s.longest / shorter, s.shortest);
}
void weaken(slowness& s, decision_stream& random) {
  weaken(s.odds, random);
  weaken(s.longest, random);
}
void weaken(ceiling& c, decision_stream& random) {
  c.value <<= random.below(halvings_max);
}
void weaken(deviation& d, decision_stream& random) {
  d.value = std::max<std::uint64_t>(d.value >> random.below(halvings_max), 1);
}

fault_plan lossy() {
  fault_plan plan;
  plan.heal_at = 30s;
  plan.latency = 40ms;
  plan.jitter = 15ms;
  plan.tcp.segmentation = probability::percent(50);
  plan.tcp.reset = {10s, 0s, 0s};
  plan.udp.loss = probability::percent(10);
  plan.udp.duplication = probability::percent(2);
  plan.udp.reordering = {probability::percent(5), 40ms};
  return plan;
}

// A telephone on a train: tunnels, changing networks, carriers that translate addresses.
fault_plan mobile() {
  auto plan = lossy();
  plan.latency = 150ms;
  plan.jitter = 60ms;
  plan.bandwidth = {32 * 1024};
  plan.new_address = {12s, 0s, 0s};
  plan.black_hole = {8s, 100ms, 5s};
  plan.tcp.half_open = {15s, 0s, 0s};
  plan.tcp.late_delivery = {20s, 100ms, 3s};
  plan.udp.mtu = {1280};
  plan.udp.nat_port = {10s, 1s, 10s};
  plan.udp.nat_address = {20s, 1s, 10s};
  plan.client.reconnect_storm = {25s, 0s, 0s};
  return plan;
}

// Everything at once, yet with moments in which something gets through: in the worst() plan one
// black hole follows the other, and nothing else finds a connection to strike.
fault_plan hostile() {
  auto plan = fault_plan::worst();
  plan.bandwidth = {64 * 1024};
  for (auto* hole : {&plan.black_hole, &plan.black_hole_to_host, &plan.black_hole_from_host})
    *hole = {20s, 50ms, 2s};
  for (auto* block : {&plan.udp.blocked, &plan.udp.blocked_to_host, &plan.udp.blocked_from_host})
    *block = {10s, 100ms, 4s};
  plan.tcp.reset.every = 5s;
  plan.tcp.close.every = 8s;
  plan.udp.blocked_from_start = probability::percent(20);
  return plan;
}

// Is the spell about the server's machine (or everybody's, which the server stands for)?
bool strikes_servers(fault_kind kind) {
  return kind == fault_kind::server_pause || kind == fault_kind::server_restart ||
         kind == fault_kind::reconnect_storm;
}

} // namespace

std::string_view to_string(fault_kind kind) noexcept {
  return kind_names[static_cast<std::size_t>(kind)];
}

telling tell_fault(const timed_fault& struck) {
  const std::string name{to_string(struck.kind)};
  switch (struck.kind) {
  case fault_kind::new_address:
  case fault_kind::tcp_reset:
  case fault_kind::tcp_close:
  case fault_kind::tcp_half_open:
  case fault_kind::client_flood:
  case fault_kind::client_malformed:
  case fault_kind::client_second_copy:
  case fault_kind::reconnect_storm: return {name, {{"fault", name}}};
  default: break;
  }
  const auto ms =
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(struck.lasts).count());
  if (struck.kind == fault_kind::clock_leap) // over at once
    return {name + " by " + ms + " ms", {{"fault", name}}};
  return {name + " for " + ms + " ms", {{"fault", name}, {"lasts", ms}}};
}

void fault_counters::add(const fault_counters& other) noexcept {
  for (std::size_t i = 0; i != fault_kind_count; ++i)
    struck_[i] += other.struck_[i];
}

fault_plan fault_plan::worst() {
  fault_plan plan;
  plan.heal_at = 30s;
  plan.latency = 300ms;
  plan.jitter = 100ms;
  plan.bandwidth = {8 * 1024};
  plan.new_address = {4s, 0s, 0s};
  plan.black_hole = {4s, 50ms, 10s};
  plan.black_hole_to_host = {4s, 50ms, 10s};
  plan.black_hole_from_host = {4s, 50ms, 10s};
  plan.tcp.segmentation = probability::percent(100);
  plan.tcp.reset = {1s, 0s, 0s};
  plan.tcp.close = {2s, 0s, 0s};
  plan.tcp.half_open = {4s, 0s, 0s};
  plan.tcp.late_delivery = {4s, 10ms, 8s};
  plan.tcp.refused = probability::percent(50);
  plan.tcp.slow_accept = {probability::percent(50), 4s};
  plan.udp.loss = probability::percent(50);
  plan.udp.duplication = probability::percent(30);
  plan.udp.reordering = {probability::percent(50), 100ms};
  plan.udp.delay = {probability::percent(10), 8s};
  plan.udp.mtu = {640}; // and its doubles: 1280 lies between the sizes that a path tries
  plan.udp.blocked_from_start = probability::percent(50);
  // Longer than it takes to notice.
  plan.udp.blocked = {8s, 100ms, 50s};
  plan.udp.blocked_to_host = {8s, 100ms, 50s};
  plan.udp.blocked_from_host = {8s, 100ms, 50s};
  plan.udp.nat_port = {3s, 100ms, 10s};
  plan.udp.nat_address = {3s, 100ms, 10s};
  plan.udp.replay = probability::percent(20);
  plan.udp.forgery = probability::percent(20);
  plan.process.server_pause = {8s, 10ms, 8s};
  plan.process.server_restart = {12s, 10ms, 3s};
  plan.process.client_pause = {6s, 10ms, 8s};
  plan.process.client_kill = {6s, 10ms, 5s};
  plan.process.client_kill_forget = {8s, 10ms, 5s};
  plan.process.clock_drift = {
      20'000}; // cheap quartz is off by 100 ppm, a bad virtual machine by far more
  plan.process.clock_jump = {probability::percent(50), 3600s};
  plan.process.clock_leap = {6s, 10ms, 30s};
  plan.client.slow_reader = {4s, 100ms, 10s};
  plan.client.never_reads = probability::percent(25);
  plan.client.flood = {6s, 100ms, 2s};
  plan.client.malformed = {8s, 0s, 0s};
  plan.client.wrong_token = probability::percent(20);
  plan.client.expired_token = probability::percent(20);
  plan.client.second_copy = {6s, 100ms, 5s};
  plan.client.reconnect_storm = {8s, 0s, 0s};
  return plan;
}

fault_plan fault_plan::draw(std::uint64_t seed) {
  // How many kinds are on, in 1/16 of all: none, one or two, a quarter, half, most.
  constexpr std::array<std::uint32_t, 8> shares{0, 1, 1, 2, 4, 4, 8, 12};
  decision_stream whole{seed, "fault.plan", 0};
  const auto share = shares[whole.below(shares.size())];
  auto plan = worst();
  plan.heal_at = whole.duration_between(5s, 30s);
  for_each_fault(plan, [&](fault_kind kind, auto& field) {
    decision_stream random{seed, "fault.field", hash_of(to_string(kind))};
    if (random.below(16) < share)
      weaken(field, random);
    else
      field = std::remove_reference_t<decltype(field)>{};
  });
  return plan;
}

fault_plan fault_plan::of(fault_profile profile, std::uint64_t seed) {
  switch (profile) {
  case fault_profile::none: return {};
  case fault_profile::lossy: return lossy();
  case fault_profile::mobile: return mobile();
  case fault_profile::hostile: return hostile();
  case fault_profile::swarm: return draw(seed);
  }
  return {};
}

result<fault_profile> parse_fault_profile(std::string_view name) {
  for (const auto profile : {fault_profile::none, fault_profile::lossy, fault_profile::mobile,
                             fault_profile::hostile, fault_profile::swarm})
    if (name == to_string(profile))
      return profile;
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

std::string_view to_string(fault_profile profile) noexcept {
  switch (profile) {
  case fault_profile::none: return "none";
  case fault_profile::lossy: return "lossy";
  case fault_profile::mobile: return "mobile";
  case fault_profile::hostile: return "hostile";
  case fault_profile::swarm: return "swarm";
  }
  return "unknown_profile";
}

std::vector<timed_fault> draw_timed_faults(const fault_plan& plan, std::uint64_t seed,
                                           std::span<const fault_target> targets) {
  std::vector<timed_fault> all;
  for_each_fault(plan, [&](fault_kind kind, const auto& field) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, spell>) {
      if (!is_on(field))
        return;
      KODAMA_ASSERT(field.every >= spell_every_min);
      for (const auto& target : targets) {
        if (target.server != strikes_servers(kind) && kind != fault_kind::clock_leap)
          continue;
        decision_stream random{seed, to_string(kind), target.key};
        auto at = random.duration_between(duration{0}, field.every);
        while (at < plan.heal_at) {
          const auto lasts = random.duration_between(field.shortest, field.longest);
          all.push_back({kind, target.host, at, std::min(lasts, plan.heal_at - at), random.next()});
          at += random.duration_between(field.every / 2, field.every * 3 / 2);
        }
      }
    }
  });
  // Stable: what strikes in the same instant strikes in the order of kinds and targets.
  std::stable_sort(all.begin(), all.end(),
                   [](const timed_fault& a, const timed_fault& b) { return a.at < b.at; });
  return all;
}

} // namespace kodama::sim
