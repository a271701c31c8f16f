#include "sim/checkers/mqtt.hpp"
#include "sim/checkers/text.hpp"
#include "sim/witness.hpp"

#include <algorithm>

/// Sessions: when they are present, when they end, who takes them over
/// (5.0, 4.1, 3.1.2.11.2, 3.1.4).
namespace kodama::sim::checkers {
namespace {

using std::chrono::seconds;

/// Clocks are wrong by a few percent, and the interval is in whole seconds.
bool surely_before(duration passed, duration interval) {
  return interval == duration::max() || passed < interval - interval / 8;
}
bool surely_after(duration passed, duration interval) {
  return interval != duration::max() && passed > interval + interval / 8 + seconds{1};
}

} // namespace

void mqtt_rules::hear_connect(instant now, std::uint64_t link, const mqtt::connect& asked) {
  const auto user = mqtt_person_named(asked.client_id);
  if (!user)
    return;
  auto& by = books_.open(link);
  by.link = link;
  by.user = *user;
  by.version = asked.version;
  by.clean = asked.clean_start;
  const bool is_new = asked.version == mqtt::protocol_version::v5;
  if (is_new)
    by.expiry = seconds{asked.properties.session_expiry_interval.value_or(0)};
  else // in 3.1.1 a session that is kept has no end (3.1.2.4)
    by.expiry = asked.clean_start ? duration{0} : duration::max();
  by.receive_maximum = asked.properties.receive_maximum.value_or(65'535);
  if (!asked.will)
    return;
  const auto& last = *asked.will;
  by.will = tag_of(last.payload);
  by.will_delay = seconds{last.properties.will_delay_interval.value_or(0)};
  if (last.retain && last.qos == mqtt::qos::at_most_once)
    books_.forget_retained(last.topic); // nobody sees when it is published
  if (by.will)
    books_.add_message(*by.will,
                       {std::string{last.topic}, last.qos, last.retain, 0, *user, now, {}});
}

void mqtt_rules::on_mqtt_attached(instant now, user_id user, std::uint64_t link, bool present) {
  exercise();
  auto& by = books_.open(link);
  by.present = present;
  judge_present(now, user, by, present);
  auto* in = books_.find_session(user);
  if (in != nullptr) {
    if (in->attached)
      complain(
          now, user, "MQTT-3.1.4-3",
          text("connection ", link, " is given the session while ", in->link, " still has it"));
    by.taken_over = in->link;
  }
  decide_wills(now, user, present);
  if (in == nullptr || !present) {
    if (in != nullptr && !in->ended)
      shares_.note_ended(*in, now);
    in = &books_.begin_session(user);
    in->begun = now;
  }
  in->attached = true;
  in->ended = false;
  in->link = link;
  in->since = now;
  in->expiry = by.expiry;
  in->last_ordinal.clear();
  in->last_plain.clear();
  in->retained_by_itself.clear();
  in->puback_due.clear();
  in->pubrec_due.clear();
  for (auto& each : in->windows)
    each.request = each.leaving_request = 0; // nobody will answer these any more
  arm_will(by);
}

void mqtt_rules::judge_present(instant now, user_id user, const connection& asked, bool present) {
  const auto* in = books_.find_session(user);
  const bool known = in != nullptr && !in->ended;
  if (asked.clean && present) // [MQTT-3.1.2-4]
    complain(
        now, user, "MQTT-3.1.2-4",
        text("mqtt ", user - mqtt_user_base, " asked for a clean start, but its session goes on"));
  if (asked.clean)
    return;
  const auto away = known && !in->attached ? server_time(now) - in->detached : duration{0};
  if (!present && known && in->expiry != duration{0} && surely_before(away, in->expiry))
    complain(now, user, "MQTT-3.1.2-5",
             text("the session of mqtt ", user - mqtt_user_base, " is gone after ", away,
                  " without a connection, but its Session Expiry Interval is ", in->expiry));
  if (!present)
    return;
  if (!known)
    complain(
        now, user, "MQTT-3.2.2-3",
        text("the session of mqtt ", user - mqtt_user_base, " is present, but there was none"));
  else if (in->expiry == duration{0}) // it ended with its connection (3.1.2.11.2)
    complain(now, user, "3.1.2.11.2",
             text("the session of mqtt ", user - mqtt_user_base,
                  " goes on, but was to end with its connection"));
  else if (surely_after(away, in->expiry) && disturbed_ < in->detached)
    complain(now, user, "MQTT-4.1.0-2",
             text("the session of mqtt ", user - mqtt_user_base, " goes on after ", away,
                  " without a connection, but its Session Expiry Interval is ", in->expiry));
}

void mqtt_rules::judge_takeover(instant now, const connection& fresh) {
  const auto* old = fresh.taken_over == 0 ? nullptr : books_.find_connection(fresh.taken_over);
  if (old == nullptr)
    return;
  exercise();
  if (!old->over)
    complain(now, fresh.user, "MQTT-3.1.4-3",
             text("connection ", fresh.link, " has taken over the session of mqtt ",
                  fresh.user - mqtt_user_base, ", but ", old->link, " is still open"));
  else if (old->evicted && old->version == mqtt::protocol_version::v5 &&
           old->goodbye != mqtt::reason_code::session_taken_over)
    complain(now, fresh.user, "MQTT-3.1.4-3",
             text("connection ", old->link, " of mqtt ", fresh.user - mqtt_user_base,
                  " was taken over by ", fresh.link, ", but was not told so (0x8E)"));
}

void mqtt_rules::judge_takeovers(instant now) {
  std::erase_if(takeovers_, [&](const auto& each) {
    if (each.first >= now)
      return false;
    if (const auto* fresh = books_.find_connection(each.second))
      judge_takeover(now, *fresh);
    return true;
  });
}

void mqtt_rules::on_mqtt_detached(instant now, user_id user, mqtt::reason_code reason) {
  auto* in = books_.find_session(user);
  if (in == nullptr)
    return;
  in->attached = false;
  in->detached = server_time(now);
  shares_.note_detached(*in, now);
  in->overflowed = reason == mqtt::reason_code::quota_exceeded;
  auto* by = books_.find_connection(in->link);
  if (by != nullptr && reason == mqtt::reason_code::session_taken_over)
    by->evicted = !by->over;
  if (reason == mqtt::reason_code::normal_disconnection) {
    if (by != nullptr && !by->farewell)
      complain(now, user, "3.14",
               text("the server counts connection ", in->link,
                    " as ended by its client, which has not said so"));
  }
  detach_will(now, *in, reason);
}

void mqtt_rules::on_mqtt_ended(instant now, user_id user) {
  auto* in = books_.find_session(user);
  if (in == nullptr || in->ended)
    return;
  exercise();
  // Where more is owed than session_buffer_max the session may end at any time; of so few messages
  // that can't be.
  constexpr std::size_t few = 6;
  const auto away = server_time(now) - in->detached;
  if (in->expiry != duration{0} && surely_before(away, in->expiry) && in->perhaps_owed < few &&
      !in->overflowed)
    complain(now, user, "MQTT-3.1.2-23",
             text("the session of mqtt ", user - mqtt_user_base, " ends after ", away,
                  " without a connection, but its Session Expiry Interval is ", in->expiry));
  in->ended = true;
  shares_.note_ended(*in, now);
  decide_wills(now, user, false);
}

} // namespace kodama::sim::checkers
