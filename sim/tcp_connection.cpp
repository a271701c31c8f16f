#include "sim/tcp_connection.hpp"

#include "protocol/assert.hpp"
#include "sim/story_tcp.hpp"

#include <utility>

namespace kodama::sim {
namespace {

constexpr unsigned other(unsigned side) {
  return 1 - side;
}

} // namespace

tcp_connection::tcp_connection(const surroundings& around, std::uint64_t id, std::uint64_t key,
                               const tcp_pipe::options& buffers, const end& from, const end& to)
    : around_{around}
    , id_{id}
    , key_{key}
    , sides_{side_state{from,
                        {buffers, timed_draws{{around.world.seed, "tcp.cut", entity_of(key, 0)}}},
                        timed_draws{{around.world.seed, "tcp.jitter", entity_of(key, 0)}}},
             side_state{to,
                        {buffers, timed_draws{{around.world.seed, "tcp.cut", entity_of(key, 1)}}},
                        timed_draws{{around.world.seed, "tcp.jitter", entity_of(key, 1)}}}} {}

void tcp_connection::begin(duration timeout, bool somebody_there) {
  note(client, tcp_kind::connecting);
  timeout_ = around_.world.queue.schedule_in(timeout, [this] {
    shut(client, close_reason::timed_out);
    sever();
  });
  if (somebody_there)
    schedule_step(travel(client));
}

// The handshake

void tcp_connection::schedule_step(duration wait) {
  around_.world.queue.schedule_in(wait, [this] { step(); });
}

void tcp_connection::step() {
  if (severed_)
    return;
  if (!passes(stage_ == stage::syn_ack ? server : client)) {
    handshake_stalled_ = true;
    return;
  }
  switch (stage_) {
  case stage::syn:
    if (!around_.gate.answers(*this))
      return refuse();
    stage_ = stage::syn_ack;
    return schedule_step(travel(server));
  case stage::syn_ack: return connected();
  case stage::ack: return accepted();
  case stage::established: break;
  }
  KODAMA_ASSERT(false);
}

void tcp_connection::refuse() {
  around_.world.queue.schedule_in(travel(server), [this] {
    if (passes(server)) // else the refusal is lost and the attempt times out
      shut(client, close_reason::refused);
    if (!sides_[client].open)
      sever();
  });
}

void tcp_connection::connected() {
  around_.world.queue.cancel(timeout_);
  if (!sides_[client].open)
    return sever(); // given up meanwhile; the other side never saw more than a SYN
  stage_ = stage::ack;
  sides_[client].sending = true;
  schedule_step(travel(client) + around_.gate.accept_delay(*this));
  note(client, tcp_kind::connected);
  pump(client);
  if (sides_[client].handler != nullptr)
    sides_[client].handler->on_connected();
}

void tcp_connection::accepted() {
  stage_ = stage::established;
  if (!sides_[server].open)
    return; // reset before the listener came round to it
  sides_[server].sending = true;
  note(server, tcp_kind::accepted);
  around_.gate.accept(*this);
}

// What the endpoints ask for

void tcp_connection::bind(unsigned side, tcp_handler& handler) {
  auto& me = sides_[side];
  me.handler = &handler;
  if (!me.open && !me.told)
    around_.world.queue.schedule_in(duration{0}, [this, side] { tell_closed(side); });
  else
    resume(side);
}

void tcp_connection::abandon(unsigned side) {
  sides_[side].handler = nullptr;
  close(side);
}

void tcp_connection::write(unsigned side, byte_view data) {
  auto& me = sides_[side];
  if (!me.open || data.empty())
    return;
  me.out.write(data);
  if (around_.tap != nullptr) {
    around_.tap->handle_written(way_from(side), data);
    if (severed_)
      around_.tap->handle_cut(way_from(side), "the connection is dead");
    else if (!sides_[other(side)].open)
      tell_deaf(other(side), "the other end is closed");
  }
  pump(side);
}

bool tcp_connection::writable(unsigned side) const {
  return sides_[side].open && sides_[side].out.writable();
}

void tcp_connection::close(unsigned side) {
  auto& me = sides_[side];
  if (!me.open)
    return;
  if (sides_[other(side)].out.unread() > 0)
    return reset(side);
  me.out.finish();
  pump(side);
  shut(side, close_reason::local);
}

void tcp_connection::reset(unsigned side) {
  if (!sides_[side].open)
    return;
  lose_unlanded(side, "its sender resets the connection");
  send_reset(side);
  shut(side, close_reason::local);
}

void tcp_connection::resume(unsigned side) {
  sides_[side].paused = false;
  around_.world.queue.schedule_in(duration{0}, [this, side] { deliver(side); });
}

// Bytes on their way

void tcp_connection::pump(unsigned from) {
  auto& me = sides_[from];
  if (severed_ || !me.sending)
    return;
  const auto now = around_.world.queue.now();
  for (auto size = me.out.next_segment(now); size >= 0; size = me.out.next_segment(now)) {
    const auto bytes = static_cast<std::size_t>(size);
    me.out.depart(bytes, around_.links.arrival(me.at.host, sides_[other(from)].at.host, bytes,
                                               me.jitter.next(now)));
  }
  if (me.out.in_flight() && !me.arrival && !me.stalled)
    schedule_arrival(from);
  check();
}

void tcp_connection::schedule_arrival(unsigned from) {
  sides_[from].arrival =
      around_.world.queue.schedule(sides_[from].out.next_arrival(), [this, from] { arrive(from); });
}

void tcp_connection::arrive(unsigned from) {
  auto& me = sides_[from];
  auto& peer = sides_[other(from)];
  me.arrival = {};
  if (severed_ || !me.out.in_flight())
    return;
  if (!passes(from) || me.held || peer.mute) {
    me.stalled = true;
    me.held |= peer.mute;
    return note(other(from), tcp_kind::stalled, me.out.pending());
  }
  if (!peer.open) {
    const bool end = me.out.land().end;
    lose_unlanded(from, "the other end is closed");
    if (!end)
      send_reset(other(from));
    return;
  }
  const auto landed = me.out.land();
  peer.end_landed |= landed.end;
  if (around_.tap != nullptr)
    around_.tap->handle_landed(way_from(from), landed.size);
  deliver(other(from));
  pump(from);
  if (me.open && me.out.take_drained() && me.handler != nullptr)
    me.handler->on_drained();
}

void tcp_connection::deliver(unsigned to) {
  auto& me = sides_[to];
  auto& in = sides_[other(to)].out;
  if (!me.open || me.handler == nullptr || me.paused)
    return;
  if (in.unread() > 0) {
    in.read(around_.scratch);
    note(to, tcp_kind::bytes, around_.scratch.size(), digest(around_.scratch));
    if (around_.tap != nullptr)
      around_.tap->handle_read(way_from(other(to)), around_.scratch.size());
    me.handler->on_bytes(around_.scratch);
    pump(other(to)); // the window has opened
  }
  if (me.end_landed && me.open && !me.paused) {
    lose_unlanded(to, "the other end is closed"); // it takes nothing any more
    shut(to, close_reason::peer);
  }
}

// The end

void tcp_connection::send_reset(unsigned from) {
  around_.world.queue.schedule_in(travel(from), [this, to = other(from)] {
    // A reset is not sent again: lost in a black hole, it leaves the connection half-open.
    if (severed_ || !passes(other(to)) || !sides_[to].open || sides_[to].mute)
      return;
    lose_unlanded(to, "the connection is reset");
    shut(to, close_reason::reset);
  });
}

void tcp_connection::lose_unlanded(unsigned from, std::string_view why) {
  sides_[from].out.lose_unlanded();
  if (around_.tap != nullptr)
    around_.tap->handle_cut(way_from(from), why);
}

void tcp_connection::tell_deaf(unsigned to, std::string_view why) {
  if (around_.tap != nullptr)
    around_.tap->handle_deaf(way_from(other(to)), why);
}

void tcp_connection::shut(unsigned side, close_reason reason) {
  auto& me = sides_[side];
  if (!me.open)
    return;
  me.open = false;
  me.reason = reason;
  tell_deaf(side, "its receiver has lost the connection");
  if (side == client)
    around_.world.queue.cancel(timeout_);
  around_.world.queue.schedule_in(duration{0}, [this, side] { tell_closed(side); });
}

void tcp_connection::tell_closed(unsigned side) {
  auto& me = sides_[side];
  if (me.handler == nullptr || me.told)
    return;
  me.told = true;
  note(side, tcp_kind::closed, static_cast<std::uint64_t>(me.reason));
  me.handler->on_closed(me.reason);
}

bool tcp_connection::is_over() const {
  for (const auto& side : sides_)
    if (side.open || (side.handler != nullptr && !side.told) || (side.out.in_flight() && !severed_))
      return false;
  return true;
}

// Faults

void tcp_connection::break_with_resets(std::uint64_t draw) {
  sever();
  for (const unsigned side : {client, server}) {
    const auto wait = decision_stream::scale_to(mix(draw + side), travel(side));
    around_.world.queue.schedule_in(wait, [this, side] { shut(side, close_reason::reset); });
  }
}

void tcp_connection::end_in_order(unsigned first) {
  auto& me = sides_[first];
  if (!me.open)
    return;
  me.out.finish();
  pump(first);
  me.mute = true;
  shut(first, close_reason::peer);
}

void tcp_connection::sever() {
  severed_ = true;
  for (const unsigned from : {client, server}) {
    auto& side = sides_[from];
    around_.world.queue.cancel(std::exchange(side.arrival, {}));
    side.stalled = true;
    if (around_.tap != nullptr)
      around_.tap->handle_cut(way_from(from), "the connection is cut");
  }
}

void tcp_connection::half_open(unsigned told) {
  sever();
  shut(told, close_reason::reset);
}

void tcp_connection::deliver_late(unsigned told, duration wait) {
  auto& me = sides_[told];
  if (!me.open)
    return;
  me.mute = me.stalled = me.held = true;
  around_.world.queue.cancel(std::exchange(me.arrival, {}));
  around_.world.queue.schedule_in(wait, [this, told] {
    auto& late = sides_[told];
    late.held = late.stalled = false;
    if (!severed_ && late.out.in_flight())
      schedule_arrival(told);
  });
  shut(told, close_reason::reset);
}

void tcp_connection::kill(unsigned side, bool resets) {
  auto& me = sides_[side];
  me.handler = nullptr;
  if (!resets)
    sever();
  else if (me.open)
    send_reset(side);
  lose_unlanded(side, "its sender dies");
  tell_deaf(side, "its receiver dies");
  me.open = false;
  me.told = true;
}

void tcp_connection::retransmit(duration wait) {
  if (severed_)
    return;
  if (std::exchange(handshake_stalled_, false))
    schedule_step(wait);
  for (const unsigned from : {client, server}) {
    auto& me = sides_[from];
    if (!me.stalled || me.held)
      continue;
    me.stalled = false;
    me.arrival = around_.world.queue.schedule_in(wait, [this, from] { arrive(from); });
  }
}

// Helpers

bool tcp_connection::passes(unsigned from) const {
  return around_.links.passes(sides_[from].at.host, sides_[other(from)].at.host,
                              transport_kind::tcp);
}

duration tcp_connection::travel(unsigned from) {
  auto& me = sides_[from];
  return around_.links.arrival(me.at.host, sides_[other(from)].at.host, 0,
                               me.jitter.next(around_.world.queue.now())) -
         around_.world.queue.now();
}

story_tap::way tcp_connection::way_from(unsigned side) const {
  return {id_, sides_[side].at.host, sides_[other(side)].at.host, side};
}

void tcp_connection::note(unsigned side, const trace_kind& kind, std::uint64_t a,
                          std::uint64_t b) const {
  const auto& me = sides_[side];
  around_.world.history.note(around_.world.queue.now(), me.at.host, kind, id_, a, b, [&] {
    return tell_tcp(kind, id_, a, around_.links.name(sides_[other(side)].at.host));
  });
}

void tcp_connection::check() const {
  for (const auto& side : sides_)
    KODAMA_ASSERT(!(side.stalled && side.arrival) && !(side.told && side.open));
}

} // namespace kodama::sim
