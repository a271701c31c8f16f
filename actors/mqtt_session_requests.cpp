#include "actors/mqtt_session.hpp"
#include "protocol/topic_name.hpp"

#include <utility>
#include <variant>

namespace kodama::actors {

using mqtt::reason_code;
using std::chrono::seconds;

void mqtt_session::read() {
  using filters = mqtt::server_session::filters;
  mqtt::packet place;
  for (;;) {
    auto request = core_.poll_request(now(), place, filters::held);
    if (request && !*request) {
      pass_collected();
      if (core_.asks_about_filters_next()) {
        // What needs nothing of the directory has gone on: PINGREQ wants its answer in time.
        if (filters_have_to_wait())
          return hold();
        request = core_.poll_request(now(), place, filters::wanted);
      }
    }
    if (!request)
      return break_off(request.error());
    if (!*request)
      return hold_no_longer();
    carry_out(**request);
    if (!link_)
      return;
  }
}

bool mqtt_session::filters_have_to_wait() const {
  // Requests take effect in the order in which they were made: what was published before has to be
  // with its topic, since the directory's word may reach that sooner.
  return under_way_ >= options_.filters_under_way_max || topics_.has_waiting();
}

void mqtt_session::hold() {
  core_.keep_rest();
  if (!std::exchange(is_holding_, true))
    link_->bind(caf::actor{this}, link::reading::off);
}

void mqtt_session::hold_no_longer() {
  if (!std::exchange(is_holding_, false))
    return;
  if (is_lost_)
    lose_connection(reason_code::unspecified_error);
  else
    link_->bind(caf::actor{this}, link::reading::on);
}

void mqtt_session::carry_out(const mqtt::server_session::request& what) {
  if (const auto* given = std::get_if<mqtt::server_session::publish_request>(&what)) {
    publish(*given);
    return;
  }
  pass_collected();
  if (const auto* asked = std::get_if<const mqtt::subscribe*>(&what))
    subscribe(**asked);
  else if (const auto* left = std::get_if<const mqtt::unsubscribe*>(&what))
    unsubscribe(**left);
  else
    disconnect(*std::get<const mqtt::disconnect*>(what));
}

void mqtt_session::publish(const mqtt::server_session::publish_request& asked) {
  const auto& what = *asked.what;
  // Most publish to one topic all the time, and no name comes to the collector unchecked.
  if (what.topic != collected_.topic() || what.topic.empty()) {
    // '$' begins a topic that wildcards do not reach; native clients can't say it.
    const auto name = what.topic.starts_with('$') ? what.topic.substr(1) : what.topic;
    if (const auto checked = check_topic_name(name, options_.session.limits.topic_length_max);
        !checked)
      return refuse(asked,
                    {reason_code::topic_name_invalid, "PUBLISH: " + checked.error().message()});
  }
  auto room = admit(what);
  if (!room)
    return refuse(asked, room.error());
  const auto expiry = what.properties.message_expiry_interval;
  if (!collected_.continues(what, asked.ordinal))
    pass_collected();
  collected_.add(what, core_.version(), asked.ordinal, expiry ? now() + seconds{*expiry} : never,
                 *std::move(room));
}

void mqtt_session::refuse(const mqtt::server_session::publish_request& asked,
                          const mqtt::error& why) {
  // PUBACK and PUBREC have these reasons (5.0, 3.4.2.1); 3.1.1 has none, and QoS 0 no answer.
  const bool answers =
      asked.ordinal != 0 && core_.version() == mqtt::protocol_version::v5 &&
      (why.reason == reason_code::topic_name_invalid || why.reason == reason_code::not_authorized ||
       why.reason == reason_code::quota_exceeded);
  if (answers)
    core_.complete(asked.ordinal, why.reason, why.text);
  else
    break_off(why);
}

void mqtt_session::subscribe(const mqtt::subscribe& asked) {
  answer waiting{asked.id, {}, {}, true};
  filters_asked wanted{who_.client, ++last_request_, {}};
  filters_left left{who_.client, 0, {}}; // before they are asked for anew
  for (const auto& each : asked.subscriptions) {
    const auto refused = judge(each);
    const auto reason = refused ? refused->reason : static_cast<reason_code>(each.maximum_qos);
    if (refused && waiting.text.empty())
      waiting.text = refused->text;
    waiting.reasons.push_back(reason);
    if (mqtt::is_failure(reason))
      continue;
    const bool is_new = filters_.set(
        each.filter, {each.maximum_qos, each.no_local, each.retain_as_published,
                      asked.properties.subscription_identifier.value_or(0), wanted.request});
    // A shared subscription gets no retained messages when it is made (4.8.2).
    const bool retained = !each.filter.starts_with("$share/") &&
                          (each.retain_handling == mqtt::retain_handling::always ||
                           (each.retain_handling == mqtt::retain_handling::if_new && is_new));
    if (leaving_ && leaving_->erase(each.filter))
      left.filters.emplace_back(each.filter);
    wanted.filters.push_back({std::string{each.filter}, retained});
  }
  if (!left.filters.empty())
    send(around_.directory, std::move(left));
  await(wanted.request, std::move(waiting));
  send(around_.directory, std::move(wanted));
}

void mqtt_session::unsubscribe(const mqtt::unsubscribe& asked) {
  answer waiting{asked.id, {}, {}, false};
  filters_left left{who_.client, ++last_request_, {}};
  for (const auto filter : asked.filters) {
    const bool existed = filters_.erase(filter);
    was_in_groups_ = was_in_groups_ || filter.starts_with("$share/");
    waiting.reasons.push_back(existed ? reason_code::success
                                      : reason_code::no_subscription_existed);
    if (existed)
      left.filters.emplace_back(filter);
  }
  await(left.request, std::move(waiting));
  send(around_.directory, std::move(left));
}

void mqtt_session::await(std::uint64_t request, answer what) {
  under_way_ += what.cost();
  answers_.emplace(request, std::move(what));
}

void mqtt_session::disconnect(const mqtt::disconnect& last) {
  if (const auto expiry = last.properties.session_expiry_interval)
    if (const auto set = core_.set_session_expiry(*expiry); !set) {
      break_off(set.error());
      return;
    }
  if (last.reason == reason_code::normal_disconnection)
    will_.reset(); // [MQTT-3.14.4-3]
  lose_connection(last.reason);
}

} // namespace kodama::actors
