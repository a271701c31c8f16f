#include "sim/tcp_network.hpp"

#include "protocol/assert.hpp"

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

// How much later than its end a black hole is noticed: senders back off while it lasts (RFC 6298,
// 5.5), by at most a second here, so that a healed world is soon a working one.
constexpr duration retransmission_gap_max = 1s;

} // namespace

void tcp_network::listen(host_id host, std::uint16_t port, tcp_listener& listener) {
  const bool added = listeners_.emplace(std::pair{host, port}, &listener).second;
  KODAMA_ASSERT(added);
}

void tcp_network::stop_listening(host_id host, std::uint16_t port) {
  listeners_.erase({host, port});
}

tcp_endpoint_ptr tcp_network::connect(host_id from, const address& to, tcp_handler& handler) {
  const auto number = connects_[from]++;
  const auto key = entity_of(links_.key(from), number);
  tcp_pipe::options buffers{options_.send_buffer, options_.receive_buffer, false};
  if (!links_.healed() &&
      decision_stream{world_.seed, "tcp.segmentation", key}.happens(world_.plan.tcp.segmentation)) {
    buffers.cut_anywhere = true;
    world_.faults.strike(fault_kind::tcp_segmentation);
  }
  // An address that nobody has swallows the SYN; which host the bytes would have crossed to does
  // not matter then.
  const auto target = links_.find(to);
  connections_.push_back(std::make_unique<tcp_connection>(
      tcp_connection::surroundings{world_, links_, *this, scratch_, tap_}, connections_.size() + 1,
      key, buffers, tcp_connection::end{from, links_.where(from, links_.next_port(from))},
      tcp_connection::end{target.value_or(from), to}));
  auto& made = *connections_.back();
  live_.push_back(&made);
  auto endpoint = std::make_unique<tcp_endpoint>(made, tcp_connection::client);
  endpoint->bind(handler);
  made.begin(options_.connect_timeout, target.has_value());
  return endpoint;
}

bool tcp_network::strike(fault_kind kind, host_id host, duration lasts, std::uint64_t draw) {
  bool struck = false;
  for_each_of(host, [&](tcp_connection& connection, unsigned side) {
    if (!connection.is_established() || !connection.is_open(0) || !connection.is_open(1))
      return;
    const auto either = static_cast<unsigned>(draw & 1);
    switch (kind) {
    case fault_kind::tcp_reset:
    case fault_kind::reconnect_storm: connection.break_with_resets(draw); break;
    case fault_kind::tcp_close: connection.end_in_order(either); break;
    case fault_kind::tcp_half_open: connection.half_open(either); break;
    case fault_kind::tcp_late_delivery: connection.deliver_late(side, lasts); break;
    case fault_kind::new_address:
      // The operating system may or may not tell its applications that the network has changed.
      if (either == 0)
        connection.half_open(side);
      else
        connection.sever();
      break;
    default: KODAMA_ASSERT(false);
    }
    struck = true;
  });
  return struck;
}

void tcp_network::retransmit(host_id host) {
  for_each_of(host, [this](tcp_connection& stalled, unsigned) { retransmit(stalled); });
}

void tcp_network::retransmit_all() {
  for (auto* stalled : live_)
    retransmit(*stalled);
}

void tcp_network::retransmit(tcp_connection& stalled) {
  const auto moment = static_cast<std::uint64_t>(world_.queue.now().time_since_epoch().count());
  const decision_stream gaps{world_.seed, "tcp.retransmission", stalled.key()};
  stalled.retransmit(decision_stream::scale_to(gaps.at(moment), retransmission_gap_max));
}

void tcp_network::crash(host_id host, bool resets) {
  for_each_of(
      host, [resets](tcp_connection& connection, unsigned side) { connection.kill(side, resets); });
  std::erase_if(listeners_, [host](const auto& entry) { return entry.first.first == host; });
}

bool tcp_network::answers(const tcp_connection& asking) {
  if (find_listener(asking) == nullptr)
    return false;
  if (links_.healed() ||
      !decision_stream{world_.seed, "tcp.refused", asking.key()}.happens(world_.plan.tcp.refused))
    return true;
  world_.faults.strike(fault_kind::tcp_refused);
  return false;
}

duration tcp_network::accept_delay(const tcp_connection& accepted) {
  const auto& slow = world_.plan.tcp.slow_accept;
  decision_stream random{world_.seed, "tcp.slow_accept", accepted.key()};
  if (links_.healed() || !random.happens(slow.odds))
    return duration{0};
  world_.faults.strike(fault_kind::tcp_slow_accept);
  return random.duration_between(duration{0}, slow.longest);
}

void tcp_network::accept(tcp_connection& accepted) {
  if (auto* listener = find_listener(accepted))
    listener->on_accept(std::make_unique<tcp_endpoint>(accepted, tcp_connection::server));
  else
    accepted.reset(tcp_connection::server); // the listener went away meanwhile
}

tcp_listener* tcp_network::find_listener(const tcp_connection& asking) const {
  const auto found = listeners_.find(
      {asking.host(tcp_connection::server), asking.where(tcp_connection::server).port});
  return found == listeners_.end() ? nullptr : found->second;
}

template <class Function>
void tcp_network::for_each_of(host_id host, Function function) {
  std::erase_if(live_, [](const tcp_connection* connection) { return connection->is_over(); });
  for (auto* connection : live_)
    for (const unsigned side : {tcp_connection::client, tcp_connection::server})
      if (connection->host(side) == host)
        function(*connection, side);
}

} // namespace kodama::sim
