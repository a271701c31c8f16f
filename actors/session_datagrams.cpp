#include "actors/session.hpp"
#include "actors/transport_selector.hpp"

#include "protocol/message_reader.hpp"

/// The half of the session that deals with datagrams: its unreliable messages.
namespace kodama::actors {

void session::offer_path(const admission& asking, message::connack_success& answer) {
  drop_path();
  if (!asking.random)
    return;
  message::datagram_offer offer;
  world_.random.fill(offer.random);
  offer.port = asking.datagram_port;
  offer.path = world_.random.next() | 1; // 0 means "no path"
  path_ = std::make_unique<path>(path{
      offer.path, std::nullopt,
      datagram_channel{datagram_channel::side::server, offer.path, *asking.random, offer.random},
      std::nullopt, false});
  world_.datagrams.bind(offer.path, caf::actor{this});
  answer.datagram = offer;
}

void session::drop_path() {
  if (!path_)
    return;
  world_.datagrams.unbind(path_->id);
  path_.reset();
  if (selector_)
    send(selector_, path_reset{0});
}

void session::receive_datagram(const datagram_arrived& arrived) {
  if (!path_ || !core_.attached())
    return;
  const auto opened = path_->channel.open(arrived.data);
  if (!opened) {
    world_.watching.on_datagram_refused();
    return;
  }
  const auto id = path_->id;
  send(selector(), path_seen{id, arrived.from, opened->newest, arrived.data.size()});
  message_reader reader{
      {options_.session.limits.message_size_max, options_.session.limits.sections_max}};
  reader.feed(opened->plaintext);
  for (auto next = reader.next(); next && *next; next = reader.next()) {
    const auto& body = (*next)->body;
    if (const auto* probe = std::get_if<message::udp_probe>(&body))
      send(selector(), path_probed{id, arrived.from, probe->probe, arrived.data.size()});
    else if (const auto* answer = std::get_if<message::udp_probe_ack>(&body))
      send(selector(), path_answered{id, arrived.from, answer->probe});
    else if (const auto* what = std::get_if<message::publish>(&body))
      if (core_.accept_datagram_publish(*what))
        collect(*what);
    if (has_ended())
      return; // refused; the path is gone, and the plaintext with it
  }
  if (opened->newest && arrived.to && arrived.to != path_->local) {
    path_->local = arrived.to;
    world_.datagrams.answer_from(id, *arrived.to);
  }
  pass_collected();
}

void session::transmit_on_path(const path_transmit& wanted) {
  if (!path_ || path_->id != wanted.path)
    return;
  bytes plaintext;
  std::visit(
      [&](auto what) {
        using What = decltype(what);
        message::encode(plaintext, what, to_timestamp(now()));
        if constexpr (std::is_same_v<What, message::udp_probe>) {
          const auto sealed = plaintext.size() + datagram_channel::overhead + section_header_size;
          if (wanted.what.datagram_size > sealed) {
            what.padding = wanted.what.datagram_size - sealed;
            plaintext.clear();
            message::encode(plaintext, what, to_timestamp(now()));
          }
        }
      },
      wanted.what.what);
  bytes datagram;
  path_->channel.seal(datagram, plaintext);
  world_.datagrams.send(wanted.what.to, datagram);
}

void session::send_unreliable(const message_batch& batch) {
  if (path_ && path_->route)
    send_unreliable_by_datagram(batch);
  else if (link_ && link_->writable())
    core_.append_unreliable(link_->output(), batch, to_timestamp(now()));
  else
    world_.watching.on_dropped(who_.client, drop::slow_reader, batch.count());
}

void session::send_unreliable_by_datagram(const message_batch& batch) {
  const auto& route = *path_->route;
  const auto room = route.datagram_size_max - datagram_channel::overhead;
  bytes plaintext;
  const auto flush = [&] {
    if (plaintext.empty())
      return;
    bytes datagram;
    path_->channel.seal(datagram, plaintext);
    world_.datagrams.send(route.to, datagram);
    plaintext.clear();
  };
  for (std::size_t i = 0; i != batch.count(); ++i) {
    if (batch.size_of(i) > room) {
      // Larger than the path's proven size: by TCP, or not at all.
      if (link_ && link_->writable())
        core_.append_unreliable(link_->output(), batch, i, to_timestamp(now()));
      else
        world_.watching.on_dropped(who_.client, drop::slow_reader, 1);
      continue;
    }
    if (plaintext.size() + batch.size_of(i) > room)
      flush();
    core_.append_unreliable(plaintext, batch, i, to_timestamp(now()));
  }
  flush();
}

caf::actor& session::selector() {
  if (!selector_) {
    selector_ = runtime::spawn_on<transport_selector>(home(), caf::actor{this}, options_.path,
                                                      world_.random);
  }
  if (path_ && !path_->announced) {
    path_->announced = true;
    send(selector_, path_reset{path_->id});
  }
  return selector_;
}

} // namespace kodama::actors
