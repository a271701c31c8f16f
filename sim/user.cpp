#include "sim/user.hpp"

namespace kodama::sim {
namespace {

constexpr trace_kind asked_kind{"user.asks"};
constexpr trace_kind published_kind{"user.publishes"};

constexpr std::size_t write_size_max = 64 * 1024;
constexpr std::uint16_t content_type = 0x8001;

client_connection::options options_of(const scenario& plan, std::string token) {
  client_connection::options options;
  options.token = std::move(token);
  options.keepalive = std::chrono::duration_cast<std::chrono::milliseconds>(plan.keepalive);
  options.udp = plan.udp;
  options.retry.most = retry_most;
  options.connect_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(connect_patience);
  return options;
}

/// What a socket would say; an orderly end is no error of its own.
boost::system::error_code code_of(close_reason reason) {
  switch (reason) {
  case close_reason::local:
  case close_reason::peer: break;
  case close_reason::reset: return make_error_code(boost::system::errc::connection_reset);
  case close_reason::refused: return make_error_code(boost::system::errc::connection_refused);
  case close_reason::timed_out: return make_error_code(boost::system::errc::timed_out);
  }
  return errc::connection_lost;
}

telling tell_request(const operation& what) {
  const auto topic = name_in(what);
  const auto about = [&](std::string text) {
    return telling{std::move(text) + ' ' + topic, {{"topic", topic}}};
  };
  using enum operation::kind;
  switch (what.what) {
  case connect: return "asks to be connected";
  case disconnect: return "asks to end its session";
  case subscribe: return about("asks to subscribe to");
  case unsubscribe: return about("asks to unsubscribe from");
  case publish:
  case publish_unreliable: return about("asks to publish " + std::to_string(what.count) + " to");
  case watch: return about("asks to watch");
  case unwatch: return about("asks to stop watching");
  case list: return about("asks who subscribes to");
  case server_time: return "asks for the server's time";
  case ping: return "asks for a PING";
  }
  return std::string{to_string(what.what)};
}

} // namespace

user::user(const context& world, network& wires, witness& watching, const scenario& plan,
           const server_host& server, user_id id, host_clock clock, bool intruder)
    : world_{world}
    , network_{wires}
    , witness_{watching}
    , plan_{plan}
    , server_{server}
    , id_{id}
    , clock_{clock}
    , intruder_{intruder}
    , host_{wires.add_host(intruder ? "intruder-" + std::to_string(id) : user_host(id),
                           network::role::client)}
    , chance_{decision_stream{world.seed, "user.chance", entity_of(hash_of(user_host(id)), 0)},
              world.queue} {
  world_.history.name_host(host_, network_.name(host_));
}

user::~user() = default;

bool user::reachable() const noexcept {
  return !intruder_ && wants_connection_ && !down() && self_.has_value();
}

// --- the script -------------------------------------------------------------------------------

void user::carry_out(const operation& what) {
  using kind = operation::kind;
  if (down())
    return; // nobody sits at a machine that is off
  const auto topic = name_in(what);
  if (what.what == kind::connect) {
    wants_connection_ = true;
    if (!self_)
      begin();
  } else if (!self_) {
    return;
  }
  note(asked_kind, static_cast<std::uint64_t>(what.what),
       what.name.empty() ? what.topic : hash_of(what.name), [&] { return tell_request(what); });
  auto& core = self_->core;
  const auto ignore = [](const auto&) {}; // a refusal by our own limits is an answer, too
  switch (what.what) {
  case kind::connect: core.connect(local()); break;
  case kind::disconnect:
    wants_connection_ = false;
    wanted_.clear();
    witness_.tell(&checker::on_disconnecting, now(), id_);
    core.disconnect(local());
    break;
  case kind::subscribe:
    wanted_.insert(topic);
    ignore(core.subscribe(topic));
    break;
  case kind::unsubscribe:
    wanted_.erase(topic);
    if (core.unsubscribe(topic))
      witness_.tell(&checker::on_unsubscribing, now(), id_, session_, std::string_view{topic});
    break;
  case kind::publish:
  case kind::publish_unreliable: publish(what); break;
  case kind::watch: ignore(core.watch(topic)); break;
  case kind::unwatch: ignore(core.unwatch(topic)); break;
  case kind::list: ignore(core.request_subscribers(topic)); break;
  case kind::server_time: ignore(core.request_server_time(local())); break;
  case kind::ping: core.ping(local()); break;
  }
  drain();
}

void user::publish(const operation& what) {
  const auto topic = topic_name(what.topic);
  const bool reliable = what.what == operation::kind::publish;
  for (std::uint32_t i = 0; i != what.count; ++i) {
    const message_tag tag{id_, published_ + 1};
    const auto content = tagged_content(tag, what.size);
    if (reliable) {
      const auto request = self_->core.publish(topic, content_type, content);
      if (!request)
        return; // the window is full: a person would try again later, a script goes on
      self_->publishes.emplace(*request, tag);
    }
    ++published_;
    note(published_kind, tag.number, what.topic, [&] {
      return telling{"publishes " + name_of(tag) + " to " + topic +
                         (reliable ? "" : ", without a guarantee"),
                     {{"message", name_of(tag)}, {"topic", topic}}};
    });
    witness_.tell(&checker::on_published, now(), id_, session_, std::string_view{topic}, tag,
                  reliable);
    if (!reliable)
      static_cast<void>(self_->core.publish_unreliable(local(), topic, content_type, content));
  }
}

void user::begin() {
  ++lives_;
  decision_stream typing{world_.seed, "client.wrong_token",
                         entity_of(hash_of(user_host(id_)), lives_)};
  mistyped_ =
      !intruder_ && now() < instant{plan_.heal_at} && typing.happens(plan_.plan.client.wrong_token);
  if (mistyped_)
    world_.faults.strike(fault_kind::client_wrong_token);
  const bool wrong = intruder_ || mistyped_;
  self_.emplace(options_of(plan_, wrong ? std::string{wrong_token} : token_of(id_)), chance_);
  session_ = {};
  connected_ = udp_up_ = false;
  if (plan_.udp)
    self_->udp = network_.open_udp(host_, 0, *this);
}

// --- the library --------------------------------------------------------------------------------

void user::drain() {
  if (!self_ || down() || draining_)
    return;
  draining_ = true;
  bool again = true;
  while (again) {
    again = false;
    while (auto event = self_->core.poll_event(local())) {
      handle(*event);
      again = true;
    }
    if (self_->core.poll_connect()) {
      again = true;
      self_->tcp_connected = false;
      self_->tcp = network_.connect(host_, network_.where(server_.host(), server_port), *this);
    }
    write();
    while (auto datagram = self_->core.poll_datagram(local()))
      if (self_->udp && self_->udp->send(datagram->to, datagram->data) == udp_send_result::too_long)
        self_->core.handle_datagram_too_long(local(), datagram->data.size());
    if (self_->core.poll_close()) {
      again = true;
      self_->tcp_connected = false;
      if (self_->tcp)
        self_->tcp->close();
      self_->tcp.reset();
    }
  }
  draining_ = false;
  arm_timer();
}

void user::write() {
  while (self_->tcp && self_->tcp_connected && self_->tcp->writable()) {
    bytes out;
    self_->core.poll_write(local(), out, write_size_max);
    if (out.empty())
      return;
    self_->tcp->write(out);
  }
}

void user::arm_timer() {
  const auto wanted = clock_.to_world(self_->core.poll_timeout());
  if (wanted == timer_at_)
    return;
  world_.queue.cancel(timer_);
  timer_ = {};
  timer_at_ = wanted;
  if (wanted == never)
    return;
  timer_ = world_.queue.schedule(wanted, [this] {
    timer_at_ = never;
    if (!self_ || down())
      return;
    self_->core.handle_timeout(local());
    drain();
  });
}

// --- the network --------------------------------------------------------------------------------

void user::on_connected() {
  if (down())
    return;
  self_->tcp_connected = true;
  if (not_reading_ != 0)
    self_->tcp->pause_reading();
  self_->core.handle_connected(local(), self_->tcp->peer());
  drain();
}

void user::on_bytes(byte_view data) {
  if (down())
    return;
  self_->core.handle_bytes(local(), data);
  drain();
}

void user::on_drained() {
  drain();
}

void user::on_closed(close_reason reason) {
  self_->tcp_connected = false;
  if (down())
    return; // noticed when it goes on
  self_->tcp.reset();
  self_->core.handle_closed(local(), code_of(reason));
  drain();
}

void user::on_datagram(const address& from, byte_view data) {
  if (!self_ || down())
    return;
  self_->core.handle_datagram(local(), from, data);
  drain();
}

void user::run_later(duration wait, void (user::*what)()) {
  world_.queue.schedule_in(wait, [this, what] { (this->*what)(); });
}

telling user::in_session(telling told) const {
  if (session_.client != 0)
    told.facts.push_back({"session", sim::name_of(session_)});
  return told;
}

} // namespace kodama::sim
