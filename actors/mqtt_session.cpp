#include "actors/mqtt_session.hpp"

#include "actors/runtime/behavior_of.hpp"
#include "protocol/assert.hpp"
#include "protocol/mqtt/encode.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace kodama::actors {

using mqtt::reason_code;
using std::chrono::seconds;

namespace {

/// How many filters are given up in one turn: a hundred thousand at once would keep every other
/// client waiting.
constexpr std::size_t leave_max = 500;

} // namespace

mqtt_session::mqtt_session(caf::actor_config& config, identity who, neighbours around,
                           const node_options& options, const surroundings& world)
    : pinned_actor{config}
    , who_{std::move(who)}
    , around_{std::move(around)}
    , options_{options}
    , world_{world}
    , core_{options.mqtt}
    , topics_{*this, around_.directory, options.publish_topics_max}
    , collected_{who_.client}
    , alarm_{*this} {}

caf::behavior mqtt_session::make_behavior() {
  return runtime::behavior_of<const publication, const link_received, const publish_sequenced,
                              const runtime::alarm_rang, const link_drained, const link_closed,
                              const filters_answered, const topic_opened, const retained_found,
                              mqtt_admission, const shut_down, const session_forgotten,
                              shared_publication>([this](auto& what) { handle(what); });
}

void mqtt_session::handle(const link_received& received) {
  if (!link_ || received.link != link_->id())
    return; // a connection that has been taken over, or given up
  core_.handle_bytes(now(), received.data);
  if (is_holding_)
    core_.keep_rest();
  else
    read();
  pump();
}

void mqtt_session::handle(const link_drained& drained) {
  if (link_ && drained.link == link_->id())
    pump();
}

void mqtt_session::handle(const link_closed& closed) {
  if (link_ && closed.link == link_->id()) {
    if (is_holding_)
      is_lost_ = true; // what it had to say before comes first
    else
      lose_connection(reason_code::unspecified_error);
  }
  pump();
}

void mqtt_session::handle(const publish_sequenced& sequenced) {
  for (std::size_t i = 0; i != sequenced.count; ++i)
    core_.complete(sequenced.first + i);
  if (sequenced.first != unanswered)
    world_.watching.on_acknowledged(sequenced.at, sequenced.count);
  pump();
}

void mqtt_session::handle(const filters_answered& answered) {
  if (answered.request == leaving_request_) {
    leaving_request_ = 0;
    quit_if_done();
    return;
  }
  const auto found = answers_.extract(answered.request);
  if (found.empty())
    return;
  const auto& answer = found.mapped();
  under_way_ -= answer.cost();
  if (answer.id != 0 && answer.to_subscribe)
    reply_to_subscribe(answer);
  else if (answer.id != 0)
    core_.reply(mqtt::unsuback{answer.id, answer.reasons, {}});
  if (is_holding_ && under_way_ <= options_.filters_under_way_max / 2 && !topics_.has_waiting())
    read();
  pump();
}

void mqtt_session::reply_to_subscribe(const answer& what) {
  mqtt::suback out{what.id, what.reasons, {}};
  if (!what.text.empty())
    out.properties.reason_string = what.text;
  core_.reply(out);
}

void mqtt_session::handle(const topic_opened& opened) {
  topics_.handle_opened(opened, who_.client);
  if (is_holding_ && !filters_have_to_wait())
    read();
  pump();
  quit_if_done();
}

void mqtt_session::handle(runtime::alarm_rang) {
  leave_filters();
  hand_back_unfinished();
  if (will_at_ <= now())
    publish_will();
  if (ends_at_ <= now())
    break_off({reason_code::maximum_connect_time, "the token has expired"});
  if (is_holding_)
    core_.handle_bytes(now(), {}); // it is not the client who is silent
  switch (core_.handle_timeout(now())) {
  case mqtt::server_session::timeout::none: break;
  case mqtt::server_session::timeout::keep_alive:
    break_off({reason_code::keep_alive_timeout, "nothing heard for 1.5 times " +
                                                    std::to_string(core_.keep_alive()) +
                                                    " s [MQTT-3.1.2-22]"});
    break;
  case mqtt::server_session::timeout::session_expired:
    if (!forgotten_asked_)
      end_session();
    break;
  }
  pump();
  quit_if_done();
}

void mqtt_session::handle(const shut_down&) {
  if (link_)
    break_off({reason_code::server_shutting_down, "the server is shutting down"});
  end_session();
  pump();
}

void mqtt_session::handle(const session_forgotten&) {
  forgotten_ = true;
  quit_if_done();
}

void mqtt_session::quit_if_done() {
  if (!forgotten_ || leaving_ || leaving_request_ != 0 || !has_left_its_groups())
    return;
  topics_.leave_all(who_.client); // those that it declined to
  if (topics_.is_empty())
    quit();
}

void mqtt_session::on_exit() {
  alarm_.cancel();
  give_storage_back();
  if (told_bytes_ != 0)
    world_.watching.on_queued(spoken::mqtt, -static_cast<std::ptrdiff_t>(told_bytes_));
  give_place_back();
  link_.reset();
  parked_.reset();
  around_ = {};
  topics_.clear();
}

// --- connections --------------------------------------------------------------------------------

void mqtt_session::handle(mqtt_admission& asking) {
  if (!is_holding_)
    return admit(asking);
  // What came before comes first: it may be a DISCONNECT.
  if (parked_)
    refuse(*parked_, {reason_code::server_busy, "a newer connection of this client is waiting"});
  parked_ = std::make_unique<mqtt_admission>(std::move(asking));
}

void mqtt_session::admit(mqtt_admission& asking) {
  if (forgotten_asked_) {
    // It was on its way while this session ended; the registry opens another.
    send(around_.registry, std::move(asking));
    return;
  }
  mqtt::packet_reader reader{options_.mqtt.packet_size_max};
  reader.feed(asking.stream);
  const auto first = reader.next();
  KODAMA_ASSERT(first && *first); // the door has read it before
  const auto& asked = std::get<mqtt::connect>(**first);
  auto account = std::exchange(who_.account, asking.account);
  auto allowed = std::exchange(allowed_, permissions_of(*who_.account, who_.name));
  auto last = judge(asking, asked);
  if (!last) {
    who_.account = std::move(account);
    allowed_ = std::move(allowed);
    return refuse(asking, last.error());
  }
  // The alarm may be due and not have rung yet, after a pause or a leap of the clock.
  const bool expired =
      !link_ && core_.handle_timeout(now()) == mqtt::server_session::timeout::session_expired;
  if (will_at_ <= now())
    publish_will();
  if (place_ == who_.account->used)
    place_.reset(); // it is the new connection's now
  if (link_)
    take_over(asked);
  place_ = who_.account->used;
  if (!std::exchange(is_told_, true))
    world_.watching.on_mqtt_opened(who_.client);
  asking.link->bind(caf::actor{this}, link::reading::on);
  give_storage_back();
  const bool present = has_state_ && !asked.clean_start && !expired;
  if (!present) {
    publish_will(); // the old session ends here, if not before [MQTT-3.1.2-8]
    forget_state();
  }
  will_at_ = never;
  will_ = std::move(*last);
  has_state_ = true;
  core_.handle_attach(now(), asked, std::move(reader));
  link_ = asking.link;
  ends_at_ = end_of_validity(*who_.account, world_.clock, now());
  tell_groups(false);
  welcome(asking, asked, present);
  read();
  pump();
}

mqtt::outcome<std::unique_ptr<mqtt_session::will>> mqtt_session::judge(const mqtt_admission& asking,
                                                                       const mqtt::connect& asked) {
  auto last = make_will(asked);
  if (!last)
    return last;
  if (!can_be_welcome(asking, asked))
    return mqtt::error{reason_code::packet_too_large,
                       "CONNECT: its Maximum Packet Size allows for no CONNACK"};
  const auto most = who_.account->limits.connections_max;
  if (place_ != who_.account->used && !who_.account->used->take_connection(most))
    return *exceeded("connections_max", most, reason_code::quota_exceeded);
  return last;
}

void mqtt_session::take_over(const mqtt::connect& asked) {
  // A will with a delay is not due where the session goes on [MQTT-3.1.3-9].
  const bool goes_on = !asked.clean_start && core_.session_expiry() != 0;
  if (will_ && goes_on && will_->delay > duration{})
    will_.reset();
  core_.say_goodbye(reason_code::session_taken_over, "a newer connection of this client");
  lose_connection(reason_code::session_taken_over, ending::taken_over);
  if (!goes_on && will_)
    publish_will();
}

bool mqtt_session::can_be_welcome(const mqtt_admission& asking, const mqtt::connect& asked) const {
  constexpr std::uint32_t enough = 1'024; // without User Properties, which are left out if need be
  if (asking.packet_size_max >= enough)
    return true;
  mqtt::server_session tried{options_.mqtt};
  tried.handle_attach(now(), asked, mqtt::packet_reader{options_.mqtt.packet_size_max});
  tell_welcome(tried, asking, asked, false);
  return !tried.has_unsayable();
}

void mqtt_session::tell_welcome(mqtt::server_session& through, const mqtt_admission& asking,
                                const mqtt::connect& asked, bool present) const {
  mqtt::connack answer;
  answer.session_present = present;
  auto& told = answer.properties;
  const auto& limits = options_.mqtt;
  if (asking.is_assigned)
    told.assigned_client_identifier = who_.name;
  if (asked.properties.session_expiry_interval.value_or(0) != through.session_expiry())
    told.session_expiry_interval = through.session_expiry();
  if (through.keep_alive() != asked.keep_alive)
    told.server_keep_alive = through.keep_alive();
  told.receive_maximum = limits.receive_maximum;
  told.maximum_packet_size = limits.packet_size_max;
  told.topic_alias_maximum = limits.topic_alias_maximum;
  bytes texts;
  tell_limits(told, texts);
  through.reply(answer);
}

void mqtt_session::welcome(const mqtt_admission& asking, const mqtt::connect& asked, bool present) {
  tell_welcome(core_, asking, asked, present);
  world_.watching.on_mqtt_attached(who_.client, who_.name, asked.version, present,
                                   asking.link->id());
}

void mqtt_session::break_off(const mqtt::error& why) {
  core_.say_goodbye(why.reason, why.text);
  lose_connection(why.reason);
}

void mqtt_session::lose_connection(reason_code reason, ending how) {
  if (!link_)
    return;
  pass_collected();
  core_.poll_transmit(now(), link_->output(), 0);
  core_.handle_detach(now());
  link_->close();
  link_.reset();
  is_holding_ = false;
  is_lost_ = false;
  ends_at_ = never;
  give_place_back();
  for (auto& [request, each] : answers_)
    each.id = 0;
  world_.watching.on_mqtt_detached(who_.client, reason);
  if (will_) {
    const auto expiry = duration{seconds{core_.session_expiry()}};
    will_at_ = now() + std::min(will_->delay, expiry);
    if (will_at_ <= now())
      publish_will();
  }
  if (core_.session_expiry() == 0 && how != ending::taken_over)
    end_session();
  else if (core_.session_expiry() == 0)
    has_state_ = false;
  else if (how == ending::taken_over || store(core_.kept_bytes()))
    tell_groups(true);
  else
    overflow_storage();
}

void mqtt_session::forget_state() {
  leave_groups();
  while (leaving_) // one life's at most: a client might come anew again and again
    leave_filters();
  if (filters_.size() != 0 || !answers_.empty())
    leaving_ = std::make_unique<mqtt_filters>(std::exchange(filters_, {}));
  leave_filters(true);
  answers_.clear();
  under_way_ = 0;
  give_storage_back();
  core_ = mqtt::server_session{options_.mqtt, core_.next_ordinal()};
  has_state_ = false;
}

void mqtt_session::leave_filters(bool is_over) {
  if (!leaving_)
    return;
  filters_left some{who_.client, 0, leaving_->take(leave_max), is_over};
  if (leaving_->size() == 0) {
    leaving_.reset();
    leaving_request_ = some.request = ++last_request_;
  } else {
    alarm_.arm_at(now());
  }
  send(around_.directory, std::move(some));
}

void mqtt_session::end_session(reason_code reason) {
  if (will_)
    publish_will(); // the session's end is the latest moment [MQTT-3.1.2-8]
  if (std::exchange(is_told_, false))
    world_.watching.on_mqtt_ended(who_.client, reason);
  forget_state();
  topics_.leave_all(who_.client);
  if (!forgotten_asked_) {
    forgotten_asked_ = true;
    send(around_.registry, mqtt_session_ended{who_.account->holder, who_.name});
  }
}

// --- at the end of every message ----------------------------------------------------------------

void mqtt_session::pass_collected() {
  collected_.pass_to(topics_, world_.watching, spoken::mqtt, now());
}

void mqtt_session::pump() {
  if (link_ && link_->writable())
    core_.poll_transmit(now(), link_->output(), write_size_max);
  if (link_ && core_.has_unsayable())
    break_off({reason_code::packet_too_large,
               "an answer is longer than the client's Maximum Packet Size"});
  tell_queue();
  const auto due = forgotten_asked_ ? never : core_.poll_timeout();
  const auto wanted = std::min({due, will_at_, ends_at_, lingers_until_});
  if (!alarm_.armed() || wanted < alarm_.at())
    alarm_.arm_at(wanted);
  if (parked_ && !is_holding_)
    admit(*std::exchange(parked_, nullptr));
}

} // namespace kodama::actors
