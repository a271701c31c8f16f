#include "sim/mqtt_user.hpp"

namespace kodama::sim {
namespace {

constexpr trace_kind asked_kind{"user.asks"};
constexpr trace_kind published_kind{"user.publishes"};

constexpr std::size_t write_size_max = 64 * 1024;

mqtt::client_session::options options_of(const scenario& plan, const mqtt_person& who, user_id id) {
  mqtt::client_session::options chosen;
  chosen.version = who.version == 5 ? mqtt::protocol_version::v5 : mqtt::protocol_version::v3_1_1;
  chosen.client_id = user_host(id);
  chosen.user_name = "somebody";
  chosen.password = token_of(id);
  chosen.keep_alive =
      static_cast<std::uint16_t>(std::chrono::ceil<std::chrono::seconds>(plan.keepalive).count());
  chosen.session_expiry = who.session_expiry;
  chosen.receive_maximum = static_cast<std::uint16_t>(who.receive_maximum);
  chosen.topic_alias_maximum = static_cast<std::uint16_t>(who.aliases);
  // 3.1.1 has no word for it; who runs such a client has read the server's manual.
  if (who.version != 5)
    chosen.in_flight_max = static_cast<std::uint16_t>(plan.mqtt_receive_maximum);
  chosen.connect_timeout = connect_patience;
  return chosen;
}

telling tell_request(const operation& what) {
  const auto name = name_in(what);
  const auto about = [&](std::string text) {
    return telling{std::move(text) + ' ' + name, {{"topic", name}}};
  };
  const auto qos = " at QoS " + std::to_string(what.qos);
  switch (what.what) {
  case operation::kind::connect: return what.clean ? "asks for a clean start" : "asks to connect";
  case operation::kind::disconnect:
    return what.with_will ? "asks to disconnect, with its will" : "asks to disconnect";
  case operation::kind::subscribe: return about("asks" + qos + " to subscribe to");
  case operation::kind::unsubscribe: return about("asks to unsubscribe from");
  default: return about("asks to publish " + std::to_string(what.count) + qos + " to");
  }
}

} // namespace

mqtt_user::mqtt_user(const context& world, network& wires, witness& watching, const scenario& plan,
                     const server_host& server, user_id id, host_clock clock)
    : world_{world}
    , network_{wires}
    , witness_{watching}
    , plan_{plan}
    , server_{server}
    , id_{id}
    , clock_{clock}
    , host_{wires.add_host(user_host(id), network::role::client)}
    , chance_{decision_stream{world.seed, "user.chance", entity_of(hash_of(user_host(id)), 0)},
              world.queue}
    , backoff_{{.first = std::chrono::milliseconds{100}, .most = retry_most}} {
  world_.history.name_host(host_, network_.name(host_));
}

// --- the script -------------------------------------------------------------------------------

void mqtt_user::carry_out(const operation& what) {
  using kind = operation::kind;
  if (down() || (what.what != kind::connect && !core_))
    return;
  note(asked_kind, static_cast<std::uint64_t>(what.what), hash_of(name_in(what)),
       [&] { return tell_request(what); });
  switch (what.what) {
  case kind::connect:
    if (wants_connection_)
      break;
    wants_connection_ = true;
    clean_next_ = clean_next_ || what.clean;
    begin();
    break;
  case kind::disconnect:
    wants_connection_ = false;
    // 3.1.1 has no word for it: there the will is published when a connection ends without one.
    if (!what.with_will || person().version == 5)
      core_->disconnect(what.with_will ? mqtt::reason_code::disconnect_with_will_message
                                       : mqtt::reason_code::normal_disconnection);
    drain();
    lose_connection();
    break;
  case kind::subscribe:
    wanted_.insert_or_assign(name_in(what), wish{what, false});
    unwanted_.erase(name_in(what));
    if (core_->connected())
      subscribe(name_in(what), what);
    break;
  case kind::unsubscribe:
    wanted_.erase(name_in(what));
    unwanted_[name_in(what)] = true;
    if (core_->connected())
      unsubscribe(name_in(what));
    break;
  case kind::publish:
  case kind::publish_unreliable: publish(what); break;
  default: break; // what MQTT has no word for
  }
  drain();
}

void mqtt_user::publish(const operation& what) {
  const auto topic = name_in(what);
  for (std::uint32_t i = 0; i != what.count; ++i) {
    mqtt::client_session::message said;
    const auto tag = what.empty ? empty_message : message_tag{id_, ++published_};
    said.topic = topic;
    if (!what.empty)
      said.payload = tagged_content(tag, what.size);
    said.qos = what.what == operation::kind::publish ? static_cast<mqtt::qos>(what.qos)
                                                     : mqtt::qos::at_most_once;
    said.retain = what.retain;
    if (what.expiry != 0 && person().version == 5)
      said.expiry = what.expiry;
    note(published_kind, tag.number, hash_of(topic), [&] {
      return telling{"publishes " + sim::name_of(tag) + " to " + topic + " at QoS " +
                         std::to_string(static_cast<int>(said.qos)) +
                         (said.retain ? ", to be retained" : ""),
                     {{"message", sim::name_of(tag)}, {"topic", topic}}};
    });
    witness_.tell(&checker::on_mqtt_published, now(), id_,
                  checker::mqtt_message{topic, tag, said.qos, said.retain},
                  said.expiry.value_or(0));
    const bool counts = said.qos != mqtt::qos::at_most_once;
    const auto request = core_->publish(std::move(said));
    if (counts)
      publishes_.emplace(request, tag);
  }
}

void mqtt_user::subscribe(const std::string& filter, const operation& how) {
  mqtt::subscription asked;
  asked.filter = filter;
  asked.maximum_qos = static_cast<mqtt::qos>(how.qos);
  if (person().version == 5) {
    asked.no_local = how.no_local;
    asked.retain_as_published = how.as_published;
    asked.retain_handling = static_cast<mqtt::retain_handling>(how.handling);
  }
  const auto identifier = person().version == 5 ? how.identifier : 0;
  requests_[core_->subscribe({asked}, identifier)] = {filter, true};
}

void mqtt_user::unsubscribe(const std::string& filter) {
  requests_[core_->unsubscribe({filter})] = {filter, false};
}

// --- the client ---------------------------------------------------------------------------------

void mqtt_user::begin() {
  if (!core_)
    core_.emplace(options_of(plan_, person(), id_));
  connect();
}

void mqtt_user::connect() {
  if (!wants_connection_ || tcp_)
    return;
  retry_at_ = never;
  give_up_at_ = local() + connect_patience;
  tcp_connected_ = false;
  tcp_ = network_.connect(host_, network_.where(server_.host(), mqtt_port), *this);
  arm_timer();
}

void mqtt_user::say_connect() {
  std::optional<mqtt::client_session::last_will> last;
  if (const auto& will = person().will) {
    const auto content = tagged_content({will_base + id_ - mqtt_user_base, ++wills_}, 0);
    last.emplace();
    last->what = {topic_name(will->topic), content, static_cast<mqtt::qos>(will->qos), will->retain,
                  std::nullopt};
    last->delay = person().version == 5 ? will->delay : 0;
  }
  const bool never_kept = person().version != 5 && person().session_expiry == 0;
  core_->handle_connected(local(), clean_next_ || never_kept, last ? &*last : nullptr);
}

void mqtt_user::lose_connection(bool at_once) {
  give_up_at_ = never;
  tcp_connected_ = false;
  if (tcp_)
    tcp_->close();
  tcp_.reset();
  requests_.clear();
  if (connected_)
    witness_.tell(&checker::on_mqtt_disconnected, now(), id_);
  connected_ = false;
  if (core_)
    core_->handle_closed(local());
  if (wants_connection_)
    retry_at_ = at_once ? local() : local() + backoff_.next(chance_);
  else
    retry_at_ = never;
}

void mqtt_user::drain() {
  if (!core_ || down() || draining_)
    return;
  draining_ = true;
  for (bool again = true; again;) {
    again = false;
    while (const auto happened = core_->poll_event()) {
      handle(*happened);
      again = true;
    }
    while (tcp_ && tcp_connected_ && tcp_->writable()) {
      bytes out;
      core_->poll_transmit(local(), out, write_size_max);
      if (out.empty())
        break;
      again = true;
      tcp_->write(out);
    }
  }
  draining_ = false;
  arm_timer();
}

void mqtt_user::arm_timer() {
  const auto of_core = core_ ? core_->poll_timeout() : never;
  const auto wanted = clock_.to_world(std::min({of_core, retry_at_, give_up_at_}));
  if (wanted == timer_at_)
    return;
  world_.queue.cancel(timer_);
  timer_ = {};
  timer_at_ = wanted;
  if (wanted == never)
    return;
  timer_ = world_.queue.schedule(wanted, [this] {
    timer_at_ = never;
    if (down() || !core_)
      return;
    core_->handle_timeout(local());
    if (give_up_at_ <= local())
      lose_connection();
    if (retry_at_ <= local())
      connect();
    drain();
    arm_timer();
  });
}

// --- the network --------------------------------------------------------------------------------

void mqtt_user::on_connected() {
  if (down())
    return;
  tcp_connected_ = true;
  give_up_at_ = never;
  if (not_reading_ != 0)
    tcp_->pause_reading();
  say_connect();
  drain();
}

void mqtt_user::on_bytes(byte_view data) {
  if (down() || !core_)
    return;
  core_->handle_bytes(local(), data);
  drain();
}

void mqtt_user::on_closed(close_reason) {
  tcp_connected_ = false;
  if (down())
    return; // noticed when it goes on
  lose_connection();
  drain();
  arm_timer();
}

} // namespace kodama::sim
