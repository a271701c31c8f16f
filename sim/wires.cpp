#include "sim/wires.hpp"

#include "protocol/assert.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

// The healthy distance of a host from the middle: a data centre next door to a continent away.
constexpr duration distance_min = 200us;
constexpr duration distance_max = 20ms;

// RFC 2544 keeps 198.18.0.0/15 for tests of networks: in a log nobody takes it for a real one.
constexpr std::uint32_t first_ip = 0xc6120000;
constexpr std::uint32_t ip_count = 0x20000;
// RFC 6335: dynamic ports.
constexpr std::uint16_t first_port = 49152;

// One packet in this many meets a full queue somewhere and waits far longer than its neighbours.
constexpr std::uint64_t spike_share = 32;
constexpr int spike_factor = 8;

constexpr std::size_t index(transport_kind what) {
  return static_cast<std::size_t>(what);
}

// Hosts start at different places, as real ones do.
std::uint16_t starting_port(std::uint64_t key) {
  return static_cast<std::uint16_t>(first_port + mix(key) % (65536 - first_port));
}

duration transmission_time(std::size_t size, std::uint64_t bytes_per_second) {
  return bytes_per_second == 0
             ? duration{0}
             : duration{static_cast<duration::rep>(size * 1'000'000'000 / bytes_per_second)};
}

} // namespace

host_id wires::add(std::string_view name) {
  const auto key = hash_of(name);
  decision_stream distances{world_.seed, "wires.distance", key};
  decision_stream troubles{world_.seed, "wires.latency", key};
  decision_stream capacities{world_.seed, "wires.bandwidth", key};
  host added{
      .name = std::string{name}, .key = key, .ip = ++last_ip_, .last_port = starting_port(key)};
  added.distance_up = distances.duration_between(distance_min, distance_max);
  added.distance_down = distances.duration_between(distance_min, distance_max);
  if (!healed_ && world_.plan.latency > duration{0}) {
    added.latency = troubles.duration_between(duration{0}, world_.plan.latency);
    world_.faults.strike(fault_kind::latency);
  }
  if (const auto least = world_.plan.bandwidth.value; !healed_ && least != 0) {
    added.bandwidth = least + capacities.below(least * 15);
    world_.faults.strike(fault_kind::bandwidth);
  }
  hosts_.push_back(std::move(added));
  const auto id = static_cast<host_id>(hosts_.size() - 1);
  world_.history.name_host(id, name);
  return id;
}

address wires::where(host_id host, std::uint16_t port) const {
  return make_v4(first_ip + at(host).ip, port);
}

std::optional<host_id> wires::find(const address& where) const {
  for (std::size_t i = 0; i != hosts_.size(); ++i)
    if (make_v4(first_ip + hosts_[i].ip, where.port) == where)
      return static_cast<host_id>(i);
  return std::nullopt;
}

void wires::move_to_new_address(host_id host) {
  at(host).ip = ++last_ip_ % ip_count;
}

address wires::unused_address(std::uint16_t port) {
  return make_v4(first_ip + ++last_ip_ % ip_count, port);
}

std::uint16_t wires::next_port(host_id host) {
  auto& last = at(host).last_port;
  // Below are the ports that servers listen on.
  last = last == 65535 ? first_port : static_cast<std::uint16_t>(last + 1);
  return last;
}

instant wires::arrival(host_id from, host_id to, std::size_t size, std::uint64_t draw) {
  auto& up = at(from);
  auto& down = at(to);
  auto when = world_.queue.now();
  if (up.bandwidth != 0)
    when = up.up_free = std::max(when, up.up_free) + transmission_time(size, up.bandwidth);
  when += distance(from, to);
  if (down.bandwidth != 0)
    when = down.down_free =
        std::max(when, down.down_free) + transmission_time(size, down.bandwidth);
  if (!healed_ && world_.plan.jitter > duration{0}) {
    const auto most = world_.plan.jitter * (draw % spike_share == 0 ? spike_factor : 1);
    when += decision_stream::scale_to(mix(draw), most);
    world_.faults.strike(fault_kind::jitter);
  }
  return when;
}

duration wires::queueing(host_id from, host_id to) const {
  const auto now = world_.queue.now();
  return std::max(at(from).up_free - now, duration{0}) +
         std::max(at(to).down_free - now - distance(from, to), duration{0});
}

duration wires::distance(host_id from, host_id to) const {
  const auto& up = at(from);
  const auto& down = at(to);
  return up.distance_up + up.latency + down.distance_down + down.latency;
}

void wires::block(host_id host, transport_kind what, way direction) {
  if (direction != way::from_host)
    ++at(host).blocked_in[index(what)];
  if (direction != way::to_host)
    ++at(host).blocked_out[index(what)];
}

void wires::unblock(host_id host, transport_kind what, way direction) {
  auto& in = at(host).blocked_in[index(what)];
  auto& out = at(host).blocked_out[index(what)];
  KODAMA_ASSERT((direction == way::from_host || in > 0) && (direction == way::to_host || out > 0));
  if (direction != way::from_host)
    --in;
  if (direction != way::to_host)
    --out;
}

bool wires::passes(host_id from, host_id to, transport_kind what) const {
  return at(from).blocked_out[index(what)] == 0 && at(to).blocked_in[index(what)] == 0;
}

void wires::heal() {
  healed_ = true;
  for (auto& host : hosts_) {
    host.latency = duration{0};
    host.bandwidth = 0;
    host.up_free = host.down_free = instant{};
    for (const auto what : {transport_kind::tcp, transport_kind::udp})
      host.blocked_in[index(what)] = host.blocked_out[index(what)] = 0;
  }
}

const wires::host& wires::at(host_id host) const {
  const auto i = static_cast<std::size_t>(host);
  KODAMA_ASSERT(i < hosts_.size());
  return hosts_[i];
}

wires::host& wires::at(host_id host) {
  const auto i = static_cast<std::size_t>(host);
  KODAMA_ASSERT(i < hosts_.size());
  return hosts_[i];
}

} // namespace kodama::sim
