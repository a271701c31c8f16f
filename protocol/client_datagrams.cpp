#include "protocol/client_datagrams.hpp"

#include "protocol/assert.hpp"

#include <utility>
#include <variant>

namespace kodama {

client_datagrams::client_datagrams(udp_path::options path, decode_limits limits, chance& random)
    : options_{std::move(path)}
    , limits_{limits}
    , random_{random} {}

const message::datagram_random& client_datagrams::prepare() {
  random_.fill(ours_);
  return ours_;
}

void client_datagrams::start(instant now, const message::datagram_offer& offer,
                             const address& server) {
  channel_.emplace(datagram_channel::side::client, offer.path, ours_, offer.random);
  path_.emplace(udp_path::role::client, options_, random_);
  path_->handle_start(now, address{server.ip, offer.port != 0 ? offer.port : server.port});
}

void client_datagrams::stop() {
  channel_.reset();
  path_.reset();
  collected_.clear();
  waiting_.clear();
  arrived_.clear();
  read_ = 0;
}

bool client_datagrams::send(byte_view message) {
  const auto room = plaintext_max();
  if (message.size() > room)
    return false;
  if (collected_.size() + message.size() > room)
    seal_collected();
  append(collected_, message);
  return true;
}

void client_datagrams::handle_datagram(instant now, const address& from, byte_view datagram) {
  if (!channel_)
    return;
  const auto opened = channel_->open(datagram);
  if (!opened)
    return;
  path_->handle_datagram(now, from, opened->newest, datagram.size());
  auto rest = opened->plaintext;
  while (!rest.empty()) {
    const auto header = read_header(rest, limits_);
    // Authentic and malformed: our server's own mistake, of which nothing can be saved.
    if (!header || !*header || rest.size() < (*header)->message_size())
      return;
    const auto size = (*header)->message_size();
    handle_message(now, from, **header, rest.first(size), datagram.size());
    rest = rest.subspan(size);
  }
}

void client_datagrams::handle_message(instant now, const address& from,
                                      const message_header& header, byte_view whole,
                                      std::size_t datagram_size) {
  if (header.type == message_type::publish) {
    if (arrived_.size() + whole.size() <= arrived_max)
      append(arrived_, whole);
    return;
  }
  if (header.type != message_type::udp_probe && header.type != message_type::udp_probe_ack)
    return;
  const auto body =
      message::decode(header, whole.subspan(message_header_size), limits_.sections_max);
  if (!body)
    return;
  if (const auto probe = std::get_if<message::udp_probe>(&*body))
    path_->handle_probe(now, from, *probe, datagram_size);
  else if (const auto ack = std::get_if<message::udp_probe_ack>(&*body))
    path_->handle_probe_ack(now, from, *ack);
}

void client_datagrams::handle_too_long(instant now, std::size_t size) {
  if (path_)
    path_->handle_too_long(now, size);
}

void client_datagrams::handle_timeout(instant now) {
  if (path_)
    path_->handle_timeout(now);
}

void client_datagrams::check_now(instant now) {
  if (path_)
    path_->check_now(now);
}

std::optional<message::publish> client_datagrams::poll_publish() {
  while (read_ != arrived_.size()) {
    const auto rest = byte_view{arrived_}.subspan(read_);
    const auto header = read_header(rest, limits_).value();
    const auto whole = rest.first(header->message_size());
    read_ += whole.size();
    const auto body =
        message::decode(*header, whole.subspan(message_header_size), limits_.sections_max);
    if (!body)
      continue;
    // With a guarantee only TCP may bring it, where the order is certain.
    const auto& publish = std::get<message::publish>(*body);
    if (!publish.reliable())
      return publish;
  }
  arrived_.clear();
  read_ = 0;
  return std::nullopt;
}

std::optional<client_event::udp_changed> client_datagrams::poll_changed() {
  if (!path_ && reported_size_ == 0)
    return std::nullopt;
  const auto route = path_ ? path_->current_route() : std::nullopt;
  const auto size = route ? route->datagram_size_max : 0;
  if (size == reported_size_)
    return std::nullopt;
  reported_size_ = size;
  return client_event::udp_changed{size != 0, size};
}

std::optional<outgoing_datagram> client_datagrams::poll_datagram(instant now) {
  if (!channel_)
    return std::nullopt;
  if (waiting_.empty())
    seal_collected();
  if (waiting_.empty())
    if (const auto probe = path_->poll_transmit())
      transmit(now, *probe);
  if (waiting_.empty())
    return std::nullopt;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  return next;
}

instant client_datagrams::poll_timeout() const {
  return path_ ? path_->poll_timeout() : never;
}

udp_path::statistics client_datagrams::stats() const {
  return path_ ? path_->stats() : udp_path::statistics{};
}

/// 0 when there is no route.
std::size_t client_datagrams::plaintext_max() const {
  const auto route = path_ ? path_->current_route() : std::nullopt;
  if (!route || route->datagram_size_max <= datagram_channel::overhead)
    return 0;
  return route->datagram_size_max - datagram_channel::overhead;
}

void client_datagrams::seal_collected() {
  if (collected_.empty())
    return;
  // Where the route has vanished since, so have they: without a guarantee.
  if (const auto route = path_->current_route())
    seal(route->to, collected_);
  collected_.clear();
}

void client_datagrams::seal(const address& to, byte_view plaintext) {
  outgoing_datagram next{to, {}};
  next.data.reserve(plaintext.size() + datagram_channel::overhead);
  channel_->seal(next.data, plaintext);
  if (waiting_.size() == waiting_max)
    waiting_.pop_front();
  waiting_.push_back(std::move(next));
}

void client_datagrams::transmit(instant now, const udp_path::transmission& what) {
  bytes plaintext;
  std::visit([&](const auto& said) { message::encode(plaintext, said, to_timestamp(now)); },
             what.what);
  seal(what.to, plaintext);
}

} // namespace kodama
