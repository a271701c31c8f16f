#include "sim/checkers/mqtt.hpp"

#include "sim/checkers/text.hpp"
#include "sim/witness.hpp"

#include <algorithm>

namespace kodama::sim::checkers {

void mqtt_rules::complain(instant now, user_id user, std::string_view clause,
                          const std::string& what) {
  if (told_.emplace(user, std::string{clause}).second)
    violate(now, text(what, " [", clause, "]"));
}

// --- who publishes ------------------------------------------------------------------------------

void mqtt_rules::on_published(instant now, user_id user, session_key who, std::string_view topic,
                              message_tag tag, bool reliable) {
  // A native message with a guarantee goes out at whatever was granted, one without at QoS 0.
  books_.add_message(tag, {std::string{topic},
                           reliable ? mqtt::qos::exactly_once : mqtt::qos::at_most_once,
                           false,
                           0,
                           user,
                           now,
                           {},
                           who});
}

void mqtt_rules::on_mqtt_published(instant now, user_id user, const mqtt_message& what,
                                   std::uint32_t expiry) {
  const bool counts = what.qos != mqtt::qos::at_most_once;
  // A server may keep a retained message of QoS 0 or not, and forget it at any time (3.3.1.3); nor
  // does anybody see when it comes.
  if (what.retain && !counts)
    books_.forget_retained(what.topic);
  if (what.tag == empty_message) {
    books_.note_empty(what.topic, what.retain);
    return;
  }
  books_.add_message(what.tag,
                     {std::string{what.topic}, what.qos, what.retain, expiry, user, now, {}});
  if (counts)
    people_[user].open.emplace(what.tag, now);
}

void mqtt_rules::on_mqtt_completed(instant now, user_id user, message_tag tag,
                                   mqtt::reason_code reason) {
  exercise();
  people_[user].open.erase(tag);
  const auto* known = books_.find(tag);
  // [MQTT-4.3.2-4], [MQTT-4.3.3-11]: the answer means that the server has taken it over.
  if (known != nullptr && !mqtt::is_failure(reason) && known->places.empty())
    complain(now, user, "MQTT-4.3.2-4",
             text(name_of(tag), " is acknowledged, but the server has not sequenced it"));
  if (mqtt::is_failure(reason) && reason != mqtt::reason_code::packet_too_large)
    complain(now, user, "4.3",
             text(name_of(tag), " was refused: ", mqtt::name_of(reason), ", without a reason"));
}

void mqtt_rules::on_mqtt_session_lost(instant, user_id user,
                                      const std::vector<message_tag>& unconfirmed) {
  for (const auto& tag : unconfirmed)
    people_[user].open.erase(tag);
}

// --- the server ---------------------------------------------------------------------------------

void mqtt_rules::on_sequenced(instant now, std::string_view topic, session_key, topic_sequence,
                              message_tag tag) {
  if (tag == empty_message) {
    books_.note_sequenced_empty(now, topic);
    return;
  }
  auto* known = books_.find(tag);
  if (known == nullptr)
    return; // for authenticated to judge
  judge_sequenced(now, topic, tag, *known);
  known->places.push_back({books_.next_ordinal(), now});
  if (known->retain)
    books_.retain(now, topic, tag);
  owe(now, tag, *known);
  owe_groups(now, tag, *known);
}

void mqtt_rules::on_mqtt_heard(instant now, std::uint64_t link, const mqtt::packet& what) {
  judge_takeovers(now);
  if (const auto* asked = std::get_if<mqtt::connect>(&what)) {
    hear_connect(now, link, *asked);
    return;
  }
  auto* by = books_.find_connection(link);
  if (by == nullptr)
    return;
  if (const auto* last = std::get_if<mqtt::disconnect>(&what))
    by->farewell = last->reason;
  // What an old connection brings after a takeover is not heard by the session.
  if (auto* in = books_.find_session(by->user); in != nullptr && in->link == link)
    hear(now, *in, *by, what);
}

void mqtt_rules::on_mqtt_said(instant now, std::uint64_t link, const mqtt::packet& what) {
  auto* by = books_.find_connection(link);
  if (by == nullptr)
    return;
  if (const auto* last = std::get_if<mqtt::disconnect>(&what))
    by->goodbye = last->reason;
  if (const auto* answer = std::get_if<mqtt::connack>(&what)) {
    if (mqtt::is_failure(answer->reason))
      return;
    if (answer->session_present != by->present) // [MQTT-3.2.2-2], [MQTT-3.2.2-3]
      complain(now, by->user, "MQTT-3.2.2-3",
               text("CONNACK says that the session is ",
                    answer->session_present ? "present" : "new", ", but it is not"));
    if (by->taken_over != 0)
      takeovers_.emplace_back(now, link);
    return;
  }
  auto* in = books_.find_session(by->user);
  if (in == nullptr)
    return;
  if (in->link != link) {
    // What was said in the same breath is still on its way out.
    if (const auto* given = std::get_if<mqtt::publish>(&what); given != nullptr && now == in->since)
      note_last_words(now, *in, *given);
    if (std::holds_alternative<mqtt::publish>(what) && in->attached &&
        now > in->since) // [MQTT-3.1.4-3]
      complain(now, by->user, "MQTT-3.1.4-3",
               text("the server goes on speaking to connection ", link, ", but ", in->link,
                    " has taken its session over"));
    return;
  }
  say(now, *in, *by, what);
}

void mqtt_rules::on_mqtt_closed(instant, std::uint64_t link) {
  if (auto* by = books_.find_connection(link))
    by->over = true;
}

void mqtt_rules::hear(instant now, session& in, const connection& by, const mqtt::packet& what) {
  if (const auto* asked = std::get_if<mqtt::subscribe>(&what)) {
    mqtt_books::subscribe(in, now, *asked);
    for (const auto& each : asked->subscriptions)
      if (!mqtt_books::shared_filter(each.filter).empty())
        note_group(in.user, each);
  } else if (const auto* left = std::get_if<mqtt::unsubscribe>(&what)) {
    mqtt_books::unsubscribe(in, now, *left);
  } else if (const auto* given = std::get_if<mqtt::publish>(&what)) {
    auto& due = given->qos == mqtt::qos::at_least_once ? in.puback_due : in.pubrec_due;
    if (given->qos != mqtt::qos::at_most_once)
      due.push_back(given->id);
    mqtt_books::note_publish(in, *given);
  } else if (const auto* taken = std::get_if<mqtt::puback>(&what)) {
    shares_.note_taken(in.serial, taken->id, now);
    in.in_flight.erase(taken->id);
  } else if (const auto* finished = std::get_if<mqtt::pubcomp>(&what)) {
    in.in_flight.erase(finished->id);
  } else if (const auto* received = std::get_if<mqtt::pubrec>(&what)) {
    shares_.note_taken(in.serial, received->id, now);
    if (mqtt::is_failure(received->reason))
      in.in_flight.erase(received->id);
  } else if (const auto* last = std::get_if<mqtt::disconnect>(&what)) {
    if (by.version == mqtt::protocol_version::v5 && last->properties.session_expiry_interval)
      in.expiry = std::chrono::seconds{*last->properties.session_expiry_interval};
  }
}

void mqtt_rules::say(instant now, session& in, const connection& by, const mqtt::packet& what) {
  const auto in_order = [&](std::deque<mqtt::packet_id>& due, mqtt::packet_id id,
                            std::string_view clause, std::string_view name) {
    exercise();
    // PUBREC of a publish that came on an earlier connection; its repetition is under way.
    if (&due == &in.pubrec_due && std::find(due.begin(), due.end(), id) == due.end())
      return;
    if (!due.empty() && due.front() == id) {
      due.pop_front();
      return;
    }
    complain(now, in.user, clause,
             text(name, " ", id, " is not the answer that is due",
                  due.empty() ? std::string{} : text(", which is ", due.front())));
  };
  if (const auto* given = std::get_if<mqtt::publish>(&what)) {
    judge_publish(now, in, by, *given);
  } else if (const auto* taken = std::get_if<mqtt::puback>(&what)) {
    in_order(in.puback_due, taken->id, "MQTT-4.6.0-2", "PUBACK");
  } else if (const auto* received = std::get_if<mqtt::pubrec>(&what)) {
    in_order(in.pubrec_due, received->id, "MQTT-4.6.0-3", "PUBREC");
  } else if (const auto* released = std::get_if<mqtt::pubrel>(&what)) {
    if (const auto at = in.in_flight.find(released->id); at != in.in_flight.end())
      at->second.released = true;
  } else if (const auto* granted = std::get_if<mqtt::suback>(&what)) {
    owe_retained(now, in, granted->id);
    mqtt_books::grant(in, now, *granted);
  } else if (const auto* ended = std::get_if<mqtt::unsuback>(&what)) {
    mqtt_books::end(in, now, *ended);
  }
}

void mqtt_rules::on_server_stopped(instant, std::uint32_t) {
  books_.forget_server();
  shares_.clear();
  dropped_ = 0;
  takeovers_.clear();
  wills_.clear();
}

void mqtt_rules::on_server_paused(instant now, bool) {
  disturbed_ = server_time(now);
}

void mqtt_rules::on_server_leapt(instant, duration by) {
  leapt_ += by;
}

void mqtt_rules::on_healed(instant now) {
  deadline_.handle_healed(now);
}

} // namespace kodama::sim::checkers
