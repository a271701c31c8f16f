#include "sim/mqtt_user.hpp"

/// What the MQTT client tells its person, and what the fault plan does to both.
namespace kodama::sim {
namespace {

constexpr trace_kind event_kind{"user.learns"};
constexpr trace_kind received_kind{"user.receives"};
constexpr trace_kind canary_kind{"user.canary"};
constexpr trace_kind down_kind{"user.down"};
constexpr trace_kind garbage_kind{"user.garbage"};
constexpr trace_kind reading_kind{"user.reading"};

telling about(std::string text, message_tag tag) {
  return {text + ' ' + sim::name_of(tag), {{"message", sim::name_of(tag)}}};
}

} // namespace

void mqtt_user::handle(const event::any& happened) {
  std::visit([this](const auto& what) { handle(what); }, happened);
}

void mqtt_user::handle(const event::refused& what) {
  leave(2, "learns that the server has refused it: " + std::string{mqtt::name_of(what.reason)});
}

void mqtt_user::handle(const event::disconnected& what) {
  leave(3, "is disconnected: " + std::string{mqtt::name_of(what.reason)});
}

void mqtt_user::handle(const event::broken& what) {
  leave(4, "gives up its connection: " + what.why.text);
}

void mqtt_user::leave(std::uint64_t how, const std::string& why) {
  note(event_kind, how, 20, [&] { return telling{why, {{"state", "detached"}}}; });
  lose_connection();
}

void mqtt_user::handle(const event::connected& what) {
  connected_ = true;
  clean_next_ = false;
  backoff_.reset();
  note(event_kind, what.session_present ? 1 : 0, 21, [&] {
    return telling{what.session_present ? "is connected, in its old session"
                                        : "is connected, in a new session",
                   {{"state", "attached"}}};
  });
  witness_.tell(&checker::on_mqtt_connected, now(), id_, what.session_present);
  if (!what.session_present) {
    unwanted_.clear();
    for (auto& [filter, wanted] : wanted_)
      wanted.granted = false;
  }
  if (!core_->connected())
    return; // and ended in the same breath
  for (const auto& [filter, wanted] : wanted_)
    if (!wanted.granted)
      subscribe(filter, wanted.how);
  for (const auto& [filter, yes] : unwanted_)
    unsubscribe(filter);
}

void mqtt_user::handle(const event::session_lost& what) {
  std::vector<message_tag> unconfirmed;
  for (const auto request : what.unconfirmed)
    unconfirmed.push_back(publishes_.at(request));
  note(event_kind, unconfirmed.size(), 22, [&] {
    std::string text = "learns that its session is lost";
    for (const auto& tag : unconfirmed)
      text += (&tag == unconfirmed.data() ? "; in doubt are " : ", ") + sim::name_of(tag);
    return text;
  });
  witness_.tell(&checker::on_mqtt_session_lost, now(), id_, unconfirmed);
}

void mqtt_user::handle(const event::completed& what) {
  const auto tag = publishes_.at(what.request);
  note(event_kind, tag.number, 23, [&] {
    auto told = about("learns what became of", tag);
    told.text += ": " + std::string{mqtt::is_failure(what.reason) ? mqtt::name_of(what.reason)
                                                                  : "it is acknowledged"};
    return told;
  });
  witness_.tell(&checker::on_mqtt_completed, now(), id_, tag, what.reason);
  publishes_.erase(what.request);
}

void mqtt_user::handle(const event::answered& what) {
  const auto at = requests_.find(what.request);
  if (at == requests_.end())
    return;
  const auto asked = at->second;
  const auto& filter = asked.filter;
  const bool to_subscribe = asked.to_subscribe;
  requests_.erase(at);
  note(event_kind, hash_of(filter), to_subscribe ? 24 : 25, [&] {
    return telling{(to_subscribe ? "is subscribed to " : "is unsubscribed from ") + filter,
                   {{"topic", filter}}};
  });
  if (const auto wanted = wanted_.find(filter); to_subscribe && wanted != wanted_.end())
    wanted->second.granted = true;
  if (!to_subscribe)
    unwanted_.erase(filter);
}

void mqtt_user::handle(const event::received& what) {
  if (plan_.canary != 0 && what.what.qos != mqtt::qos::at_most_once &&
      ++delivered_ == plan_.canary) {
    note(canary_kind, hash_of(what.what.topic), 0,
         [] { return "hides a message on purpose: the canary"; });
    return;
  }
  const auto tag = tag_of(what.what.payload).value_or(message_tag{});
  note(received_kind, hash_of(what.what.topic), tag.number, [&] {
    auto told = about("receives", tag);
    told.text += " of " + what.what.topic + " at QoS " +
                 std::to_string(static_cast<int>(what.what.qos)) +
                 (what.what.retain ? ", retained" : "");
    told.facts.push_back({"topic", what.what.topic});
    return told;
  });
  witness_.tell(&checker::on_mqtt_received, now(), id_,
                checker::mqtt_message{what.what.topic, tag, what.what.qos, what.what.retain});
}

// --- faults -------------------------------------------------------------------------------------

bool mqtt_user::can_suffer(fault_kind what) const noexcept {
  switch (what) {
  case fault_kind::client_pause:
  case fault_kind::client_kill:
  case fault_kind::client_kill_forget:
  case fault_kind::client_slow_reader:
  case fault_kind::client_flood: return core_ && !down();
  case fault_kind::client_malformed: return tcp_ && tcp_connected_;
  case fault_kind::clock_leap: return true; // the machine's, whoever sits at it
  default: return false;
  }
}

void mqtt_user::pause(duration lasts) {
  if (!can_suffer(fault_kind::client_pause))
    return;
  note(down_kind, 1, 0, [] { return "stands still"; });
  ++down_;
  if (tcp_)
    tcp_->pause_reading();
  network_.isolate(host_, lasts);
  world_.queue.schedule_in(lasts, [this] { come_back(); });
}

void mqtt_user::kill(duration lasts) {
  if (!can_suffer(fault_kind::client_kill))
    return;
  note(down_kind, 2, 0, [] { return "dies; what it knew survives"; });
  ++down_;
  network_.crash(host_, false);
  tcp_.reset();
  tcp_connected_ = false;
  world_.queue.schedule_in(lasts, [this] { come_back(); });
}

void mqtt_user::kill_and_forget(duration lasts) {
  if (!can_suffer(fault_kind::client_kill_forget))
    return;
  note(down_kind, 3, 0, [] { return "dies and forgets everything"; });
  ++down_;
  network_.crash(host_, false);
  std::vector<message_tag> unconfirmed;
  for (const auto& [request, tag] : publishes_)
    unconfirmed.push_back(tag);
  witness_.tell(&checker::on_mqtt_session_lost, now(), id_, unconfirmed);
  if (connected_)
    witness_.tell(&checker::on_mqtt_disconnected, now(), id_);
  publishes_.clear();
  requests_.clear();
  core_.reset();
  tcp_.reset();
  tcp_connected_ = connected_ = false;
  retry_at_ = give_up_at_ = never;
  clean_next_ = true;
  arm_timer();
  world_.queue.schedule_in(lasts, [this] { come_back_forgetful(); });
}

void mqtt_user::come_back() {
  --down_;
  note(down_kind, 0, 0, [] { return "goes on"; });
  if (!tcp_ || !tcp_connected_)
    lose_connection(true);
  else if (not_reading_ == 0)
    tcp_->resume_reading();
  core_->handle_timeout(local());
  if (retry_at_ <= local())
    connect();
  drain();
  arm_timer();
}

void mqtt_user::come_back_forgetful() {
  --down_;
  note(down_kind, 0, 1, [] { return "starts anew"; });
  if (wants_connection_)
    begin();
}

void mqtt_user::stop_reading(duration lasts) {
  if (!can_suffer(fault_kind::client_slow_reader))
    return;
  ++not_reading_;
  world_.history.tell(now(), host_, reading_kind, [] { return "stops reading"; });
  if (tcp_)
    tcp_->pause_reading();
  world_.queue.schedule_in(lasts, [this] { read_again(); });
}

void mqtt_user::read_again() {
  world_.history.tell(now(), host_, reading_kind, [] { return "reads again"; });
  if (--not_reading_ == 0 && tcp_ && !down())
    tcp_->resume_reading();
}

void mqtt_user::leap(duration by) {
  clock_.leap(by);
  if (core_ && !down())
    arm_timer(); // what was to come may be due
}

void mqtt_user::flood() {
  if (!can_suffer(fault_kind::client_flood))
    return;
  operation burst;
  burst.user = id_;
  burst.what = operation::kind::publish;
  burst.qos = 1;
  burst.count = 100;
  burst.size = 200;
  publish(burst);
  drain();
}

void mqtt_user::send_garbage(std::uint64_t draw) {
  if (!can_suffer(fault_kind::client_malformed))
    return;
  // An AUTH with nonsense in it: no client of ours may say that.
  bytes garbage(2 + draw % 64);
  for (std::size_t i = 0; i != garbage.size(); ++i)
    garbage[i] = static_cast<std::byte>(mix(draw + i) & 0xff);
  garbage[0] = std::byte{0xff};
  note(garbage_kind, draw, garbage.size(), [] { return "sends garbage"; });
  tcp_->write(garbage);
}

} // namespace kodama::sim
