#include "sim/udp_network.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <string>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

constexpr trace_kind arrived_kind{"udp.arrived"};
constexpr trace_kind lost_kind{"udp.lost"};

// Longer queues drop datagrams: even bloated buffers end somewhere.
constexpr duration queueing_max = 2s;
// RFC 5737 documentation addresses: answers to the attacker go nowhere.
constexpr std::uint32_t attacker_ip = 0xcb007142; // 203.0.113.66
constexpr std::uint16_t attacker_port = 6666;

} // namespace

udp_socket::~udp_socket() {
  network_.close(*this);
}

udp_send_result udp_socket::send(const address& to, byte_view data) {
  return network_.send(*this, to, data);
}

udp_socket_ptr udp_network::open(host_id host, std::uint16_t port, udp_handler& handler) {
  if (port == 0)
    port = links_.next_port(host);
  udp_socket_ptr socket{
      new udp_socket{*this, host, port, handler}}; // the constructor is ours alone
  socket->home_ = socket->external_ = links_.where(host, port);
  const bool added = routes_.emplace(socket->external_, socket.get()).second;
  KODAMA_ASSERT(added);
  sockets_.push_back(socket.get());
  return socket;
}

void udp_network::rebind(host_id host, bool address_too) {
  auto fresh = links_.unused_address(0);
  for (auto* socket : sockets_) {
    if (socket->host_ != host)
      continue;
    const auto port = links_.next_port(host);
    fresh.port = port;
    auto external = socket->external_;
    external.port = port;
    relocate(*socket, address_too ? fresh : external);
  }
}

void udp_network::rebind_home(host_id host) {
  for (auto* socket : sockets_)
    if (socket->host_ == host)
      relocate(*socket, socket->home_);
}

void udp_network::follow_host(host_id host) {
  for (auto* socket : sockets_) {
    if (socket->host_ != host)
      continue;
    socket->home_ = links_.where(host, socket->port_);
    relocate(*socket, socket->home_);
  }
}

void udp_network::crash(host_id host) {
  for (auto* socket : sockets_) {
    if (socket->host_ != host || socket->handler_ == nullptr)
      continue;
    socket->handler_ = nullptr;
    routes_.erase(socket->external_);
  }
}

void udp_network::relocate(udp_socket& socket, const address& external) {
  if (socket.handler_ == nullptr || socket.external_ == external)
    return;
  routes_.erase(socket.external_);
  socket.external_ = external;
  const bool added = routes_.emplace(external, &socket).second;
  KODAMA_ASSERT(added);
}

void udp_network::close(udp_socket& socket) {
  if (socket.handler_ != nullptr)
    routes_.erase(socket.external_);
  std::erase(sockets_, &socket);
}

udp_send_result udp_network::send(udp_socket& socket, const address& to, byte_view data) {
  if (data.size() > options_.interface_datagram_max)
    return udp_send_result::too_long;
  const auto target = routes_.find(to);
  if (socket.handler_ == nullptr || target == routes_.end()) {
    world_.history.note(world_.queue.now(), socket.host_, lost_kind, data.size(), 0, 0,
                        [] { return "sends a datagram to where nobody is"; });
    return udp_send_result::sent;
  }
  const auto receiver = target->second->host_;
  auto& flow = flow_between(socket.host_, receiver);
  flow.advance();
  if (links_.healed()) {
    if (is_too_long(flow, socket.host_, receiver, data))
      return udp_send_result::sent;
    const auto arrives = links_.arrival(socket.host_, receiver, data.size(), flow.jitter(0));
    launch(socket.external_, to, socket.host_, data, arrives);
    return udp_send_result::sent;
  }
  flow.remember(data);
  instant arrives = world_.queue.now();
  if (!is_swallowed(flow, socket.host_, receiver, data)) {
    const unsigned copies = flow.is_duplicated() ? 2 : 1;
    for (unsigned copy = 0; copy != copies; ++copy) {
      arrives = links_.arrival(socket.host_, receiver, data.size(), flow.jitter(copy)) +
                flow.extra_delay(copy);
      launch(socket.external_, to, socket.host_, data, arrives,
             copy == 0 ? story_tap::nature::genuine : story_tap::nature::duplicate);
    }
  }
  attack(flow, socket, to, arrives);
  return udp_send_result::sent;
}

bool udp_network::is_swallowed(udp_flow& flow, host_id from, host_id to, byte_view data) {
  const bool overflows = links_.queueing(from, to) > queueing_max;
  const bool lost = flow.is_lost();
  const bool too_long = !lost && flow.exceeds_mtu(data.size());
  if (!lost && !too_long && !overflows)
    return false;
  world_.history.note(world_.queue.now(), from, lost_kind, data.size(), overflows, 0, [&] {
    return "loses " + std::to_string(data.size()) + " bytes to " + std::string{links_.name(to)};
  });
  tell_lost(from, to, data,
            lost       ? "udp_loss"
            : too_long ? "udp_mtu, it is too long for this way"
                       : "a queue is full");
  return true;
}

/// A narrow way stays narrow: nobody's fault, and nothing that heals.
bool udp_network::is_too_long(udp_flow& flow, host_id from, host_id to, byte_view data) {
  if (!flow.is_too_narrow(data.size()))
    return false;
  world_.history.note(world_.queue.now(), from, lost_kind, data.size(), 0, 0, [&] {
    return "loses " + std::to_string(data.size()) + " bytes to " + std::string{links_.name(to)};
  });
  tell_lost(from, to, data, "udp_mtu, it is too long for this way");
  return true;
}

void udp_network::attack(udp_flow& flow, const udp_socket& sender, const address& to,
                         instant arrives) {
  const auto now = world_.queue.now();
  const auto from = flow.spoofs_sender() ? sender.external_ : make_v4(attacker_ip, attacker_port);
  if (const auto old = flow.replayed())
    launch(from, to, sender.host_, *old, arrives + flow.attack_delay(),
           story_tap::nature::replayed);
  if (const auto made_up = flow.forged())
    launch(from, to, sender.host_, *made_up,
           flow.forges_ahead() ? now + (arrives - now) / 2 : arrives + flow.attack_delay(),
           story_tap::nature::forged);
}

void udp_network::launch(const address& from, const address& to, host_id sender, byte_view data,
                         instant arrives, story_tap::nature what) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(packets_.size());
    packets_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto& launched = packets_[index];
  launched.from = from;
  launched.to = to;
  launched.sender = sender;
  launched.genuine = what == story_tap::nature::genuine;
  launched.data.assign(data.begin(), data.end());
  if (const auto target = routes_.find(to); tap_ != nullptr && target != routes_.end())
    launched.transmission = tap_->handle_datagram(sender, target->second->host_, data, what);
  world_.queue.schedule(arrives, [this, index] { arrive(index); });
}

void udp_network::arrive(std::uint32_t index) {
  auto arrived = std::move(packets_[index]); // the handler may send, and so move packets_
  const auto target = routes_.find(arrived.to);
  // Judged on arrival: what a block or a rebinding catches under way is lost as well.
  const bool received = target != routes_.end() &&
                        links_.passes(arrived.sender, target->second->host_, transport_kind::udp);
  const auto where = received ? target->second->host_ : arrived.sender;
  world_.history.note(world_.queue.now(), where, received ? arrived_kind : lost_kind,
                      arrived.data.size(), digest(arrived.data), 0, [&] {
                        return (received ? "gets " : "loses ") +
                               std::to_string(arrived.data.size()) + " bytes from " +
                               to_string(arrived.from) + " to " + to_string(arrived.to);
                      });
  if (tap_ != nullptr && received)
    tap_->handle_datagram_arrived(arrived.transmission);
  else if (tap_ != nullptr)
    tap_->handle_datagram_lost(arrived.transmission, target == routes_.end()
                                                         ? "nobody is at its address any more"
                                                         : "the way is blocked");
  if (received && arrived.genuine && !links_.healed())
    flow_between(arrived.sender, target->second->host_).handle_arrived(arrived.data);
  if (received)
    target->second->handler_->on_datagram(arrived.from, arrived.data);
  packets_[index] = std::move(arrived); // for its buffer
  free_.push_back(index);
}

void udp_network::tell_lost(host_id from, host_id to, byte_view data, std::string_view why) {
  if (tap_ == nullptr)
    return;
  const auto transmission = tap_->handle_datagram(from, to, data, story_tap::nature::genuine);
  tap_->handle_datagram_lost(transmission, why);
}

udp_flow& udp_network::flow_between(host_id from, host_id to) {
  const auto found = flows_.find({from, to});
  if (found != flows_.end())
    return found->second;
  const auto key = entity_of(links_.key(from), links_.key(to));
  return flows_.emplace(std::pair{from, to}, udp_flow{world_, key}).first->second;
}

} // namespace kodama::sim
