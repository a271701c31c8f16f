#include "actors/mqtt_session.hpp"

#include "actors/runtime/behavior_of.hpp"
#include "protocol/assert.hpp"
#include "protocol/mqtt/encode.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

namespace kodama::actors {

using mqtt::reason_code;
using std::chrono::seconds;

namespace {

/// What one turn may write to one link; the rest follows when the link has drained.
constexpr std::size_t write_size_max = 256 * 1024;
/// The ordinal of a publish that nobody waits for: a will's.
constexpr auto unanswered = std::numeric_limits<message_id>::max();

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
                              mqtt_admission, const shut_down, const session_forgotten>(
      [this](auto& what) { handle(what); });
}

void mqtt_session::handle(const publication& what) {
  const auto& forms = what.batch->forms;
  const auto& way = filters_.way_of(forms.front().plain.topic(), what.sender == who_.client);
  if (!way.qos)
    return; // unsubscribed meanwhile
  for (std::size_t i = 0; i != forms.size() && has_state_; ++i)
    owe(what.batch, i, std::min(*way.qos, what.qos), way.retain_as_published && forms[i].retain,
        way.ids);
  pump();
}

void mqtt_session::handle(const retained_found& found) {
  const auto* asked = filters_.find(found.filter);
  if (!asked)
    return;
  owe(found.what.batch, found.what.index, std::min(asked->qos, found.what.qos), true,
      mqtt_filters::ids_of(*asked));
  pump();
}

void mqtt_session::handle(const link_received& received) {
  if (!link_ || received.link != link_->id())
    return; // a connection that has been taken over, or given up
  core_.handle_bytes(now(), received.data);
  read();
  pump();
}

void mqtt_session::handle(const link_drained& drained) {
  if (link_ && drained.link == link_->id())
    pump();
}

void mqtt_session::handle(const link_closed& closed) {
  if (link_ && closed.link == link_->id())
    lose_connection(reason_code::unspecified_error);
  pump();
}

void mqtt_session::handle(const publish_sequenced& sequenced) {
  for (std::size_t i = 0; i != sequenced.count; ++i)
    core_.complete(sequenced.first + i);
  pump();
}

void mqtt_session::handle(const filters_answered& answered) {
  const auto at = answers_.find(answered.request);
  if (at == answers_.end())
    return;
  if (at->second.to_subscribe)
    core_.reply(mqtt::suback{at->second.id, std::move(at->second.reasons), {}});
  else
    core_.reply(mqtt::unsuback{at->second.id, std::move(at->second.reasons), {}});
  answers_.erase(at);
  pump();
}

void mqtt_session::handle(const topic_opened& opened) {
  topics_.handle_opened(opened, who_.client);
  if (forgotten_ && topics_.is_empty())
    quit();
}

void mqtt_session::handle(runtime::alarm_rang) {
  if (will_at_ <= now())
    publish_will();
  switch (core_.handle_timeout(now())) {
  case mqtt::server_session::timeout::none: break;
  case mqtt::server_session::timeout::keep_alive:
    break_off({reason_code::keep_alive_timeout, "nothing heard for 1.5 times " +
                                                    std::to_string(core_.keep_alive()) +
                                                    " s [MQTT-3.1.2-22]"});
    break;
  case mqtt::server_session::timeout::session_expired:
    if (has_state_)
      end_session();
    break;
  }
  pump();
}

void mqtt_session::handle(const shut_down&) {
  if (link_)
    break_off({reason_code::server_shutting_down, "the server is shutting down"});
  end_session();
}

void mqtt_session::handle(const session_forgotten&) {
  forgotten_ = true;
  if (topics_.is_empty())
    quit();
}

void mqtt_session::on_exit() {
  alarm_.cancel();
  link_.reset();
  around_ = {};
  topics_.clear();
}

// --- connections --------------------------------------------------------------------------------

void mqtt_session::handle(mqtt_admission& asking) {
  if (forgotten_asked_) {
    // It was on its way while this session ended; the registry opens another.
    send(around_.registry, std::move(asking));
    return;
  }
  asking.link->bind(caf::actor{this}, link::reading::on);
  mqtt::packet_reader reader{options_.mqtt.packet_size_max};
  reader.feed(asking.stream);
  const auto first = reader.next();
  KODAMA_ASSERT(first && *first); // the door has read it before
  const auto& asked = std::get<mqtt::connect>(**first);
  if (link_)
    take_over(asked);
  const bool present = has_state_ && !asked.clean_start;
  if (!present) {
    publish_will(); // the old session ends here, if not before [MQTT-3.1.2-8]
    forget_state();
  }
  will_at_ = never;
  will_.reset();
  has_state_ = true;
  keep_will(asked);
  core_.handle_attach(now(), asked, std::move(reader));
  link_ = asking.link;
  welcome(asking, asked, present);
  read();
  pump();
}

void mqtt_session::take_over(const mqtt::connect& asked) {
  // A will with a delay is not due where the session goes on [MQTT-3.1.3-9].
  const bool goes_on = !asked.clean_start && core_.session_expiry() != 0;
  if (will_ && goes_on && will_->delay > duration{})
    will_.reset();
  core_.say_goodbye(reason_code::session_taken_over, "a newer connection of this client");
  lose_connection(reason_code::session_taken_over);
  if (!goes_on && will_)
    publish_will();
}

void mqtt_session::welcome(const mqtt_admission& asking, const mqtt::connect& asked, bool present) {
  mqtt::connack answer;
  answer.session_present = present;
  auto& told = answer.properties;
  const auto& limits = options_.mqtt;
  if (asking.is_assigned)
    told.assigned_client_identifier = who_.name;
  if (asked.properties.session_expiry_interval.value_or(0) != core_.session_expiry())
    told.session_expiry_interval = core_.session_expiry();
  if (core_.keep_alive() != asked.keep_alive)
    told.server_keep_alive = core_.keep_alive();
  told.receive_maximum = limits.receive_maximum;
  told.maximum_packet_size = limits.packet_size_max;
  told.topic_alias_maximum = limits.topic_alias_maximum;
  told.shared_subscription_available = false;
  core_.reply(answer);
  world_.watching.on_mqtt_attached(who_.client, who_.name, asked.version, present,
                                   asking.link->id());
}

void mqtt_session::break_off(const mqtt::error& why) {
  core_.say_goodbye(why.reason, why.text);
  lose_connection(why.reason);
}

void mqtt_session::lose_connection(reason_code reason) {
  if (!link_)
    return;
  collected_.pass_to(topics_);
  core_.poll_transmit(now(), link_->output(), 0);
  core_.handle_detach(now());
  link_->close();
  link_.reset();
  answers_.clear();
  world_.watching.on_mqtt_detached(who_.client, reason);
  if (will_) {
    const auto expiry = duration{seconds{core_.session_expiry()}};
    will_at_ = now() + std::min(will_->delay, expiry);
    if (will_at_ <= now())
      publish_will();
  }
  if (core_.session_expiry() == 0 && reason != reason_code::session_taken_over)
    end_session();
  else if (core_.session_expiry() == 0)
    has_state_ = false;
}

void mqtt_session::forget_state() {
  if (filters_.size() != 0)
    send(around_.directory, filters_left{who_.client, 0, filters_.names()});
  filters_.clear();
  answers_.clear();
  core_ = mqtt::server_session{options_.mqtt, core_.next_ordinal()};
  has_state_ = false;
}

void mqtt_session::end_session() {
  if (will_)
    publish_will(); // the session's end is the latest moment [MQTT-3.1.2-8]
  if (has_state_)
    world_.watching.on_mqtt_ended(who_.client);
  forget_state();
  topics_.leave_all(who_.client);
  if (!forgotten_asked_) {
    forgotten_asked_ = true;
    send(around_.registry, mqtt_session_ended{who_.holder, who_.name});
  }
}

// --- wills --------------------------------------------------------------------------------------

void mqtt_session::keep_will(const mqtt::connect& asked) {
  if (!asked.will)
    return;
  const auto& from = *asked.will;
  mqtt::publish said;
  said.topic = from.topic;
  said.payload = from.payload;
  said.qos = from.qos;
  said.retain = from.retain;
  said.properties.payload_format_indicator = from.properties.payload_format_indicator;
  said.properties.message_expiry_interval = from.properties.message_expiry_interval;
  said.properties.content_type = from.properties.content_type;
  said.properties.response_topic = from.properties.response_topic;
  said.properties.correlation_data = from.properties.correlation_data;
  said.properties.user = from.properties.user;
  publish_collector alone{who_.client};
  alone.add(said, said.qos == mqtt::qos::at_most_once ? 0 : unanswered, never,
            to_timestamp(now()));
  will_ = std::make_unique<will>();
  will_->topic = from.topic;
  will_->what = alone.take();
  will_->delay = seconds{from.properties.will_delay_interval.value_or(0)};
  will_->expiry = from.properties.message_expiry_interval;
}

void mqtt_session::publish_will() {
  will_at_ = never;
  const auto last = std::exchange(will_, nullptr);
  if (!last)
    return;
  if (last->expiry)
    last->what.batch->forms.front().expires_at = now() + seconds{*last->expiry};
  topics_.send(last->topic, caf::make_message(std::move(last->what)));
}

// --- what is owed to the client -----------------------------------------------------------------

void mqtt_session::owe(const shared_batch& batch, std::size_t index, mqtt::qos qos, bool retain,
                       const mqtt_filters::identifiers& identifiers) {
  const auto& form = batch->forms[index];
  const auto pushed = core_.push(
      {std::shared_ptr<const mqtt::publish_form>{batch, &form}, qos, retain, identifiers});
  if (pushed == mqtt::server_session::pushed::dropped)
    world_.watching.on_unreliable_dropped(who_.client, 1);
  else if (pushed == mqtt::server_session::pushed::overflow)
    overflow();
}

void mqtt_session::overflow() {
  const auto text = "session_buffer_max is " + std::to_string(options_.mqtt.session_buffer_max) +
                    " bytes; the session has ended";
  if (link_)
    break_off({reason_code::quota_exceeded, text});
  if (!forgotten_asked_)
    end_session();
}

void mqtt_session::pump() {
  if (link_ && link_->writable())
    core_.poll_transmit(now(), link_->output(), write_size_max);
  const auto wanted = std::min(forgotten_asked_ ? never : core_.poll_timeout(), will_at_);
  if (!alarm_.armed() || wanted < alarm_.at())
    alarm_.arm_at(wanted);
}

} // namespace kodama::actors
