#include "sim/checkers/mqtt.hpp"
#include "sim/checkers/text.hpp"

#include <algorithm>
#include <utility>

/// What has to arrive, and what people see: at least once, exactly once, and in time (5.0, 4.3).
namespace kodama::sim::checkers {
namespace {

/// How often a session may be given one message: for all its filters once, and by each group.
std::size_t copies_of(const mqtt_books::session& in, instant now, std::string_view topic) {
  bool plain = false;
  std::set<std::string_view> groups;
  for (const auto& each : in.windows) {
    if (!each.possible(now, now))
      continue;
    plain = plain || mqtt_books::matches(each.filter, topic);
    const auto shared = mqtt_books::shared_filter(each.filter);
    if (!shared.empty() && mqtt_books::matches(shared, topic))
      groups.insert(each.filter);
  }
  return groups.size() + (plain ? 1 : 0);
}

} // namespace

void mqtt_rules::judge_sequenced(instant now, std::string_view topic, message_tag tag,
                                 const message& known) {
  if (!is_of_mqtt(tag))
    return;
  if (tag.user >= will_base) {
    judge_will(now, tag);
    return;
  }
  exercise();
  // Only within one session: at the instant at which it begins, mail of the one before may yet be
  // on its way to the topic. A client whose CONNACK was lost may learn nothing of a new session but
  // that one "is present" at its next attempt; that is a hole in MQTT, and no mistake of ours.
  const auto* by = books_.find_session(known.from);
  if (known.qos == mqtt::qos::exactly_once && !known.places.empty() && by != nullptr &&
      by->begun < known.places.back().when) // [MQTT-4.3.3-10]
    complain(now, known.from, "MQTT-4.3.3-10",
             text(name_of(tag), ", published at QoS 2, was taken twice: at ",
                  known.places.front().when, " and at ", now));
  if (known.topic != topic)
    complain(now, known.from, "3.3.2.1",
             text(name_of(tag), " was published to \"", known.topic, "\", but sequenced in \"",
                  topic, "\""));
  if (!known.places.empty())
    return; // a repetition
  auto& last = first_sequenced_[{known.from, known.topic}];
  if (tag.number < last) // [MQTT-4.6.0-1], and what we promise besides
    complain(now, known.from, "MQTT-4.6.0-5",
             text(name_of(tag), " was sequenced in \"", topic, "\" after number ", last,
                  " of the same publisher, which came later"));
  last = std::max(last, tag.number);
}

void mqtt_rules::owe(instant now, message_tag tag, const message& known) {
  if (known.qos == mqtt::qos::at_most_once)
    return;
  for (auto& [user, in] : books_.sessions()) {
    if (in.ended)
      continue;
    in.perhaps_owed += copies_of(in, now, known.topic);
    std::optional<mqtt::qos> granted;
    for (const auto& each : in.windows)
      if (each.certain(now, now) && !(each.no_local && user == known.from) &&
          mqtt_books::matches(each.filter, known.topic))
        granted = granted ? std::max(*granted, each.qos) : each.qos;
    if (!granted || *granted == mqtt::qos::at_most_once)
      continue;
    // Unless another one lowers it this very moment.
    const bool sure = std::none_of(in.windows.begin(), in.windows.end(), [&](const window& each) {
      return each.granted == never && each.ended == never && each.qos == mqtt::qos::at_most_once &&
             mqtt_books::matches(each.filter, known.topic);
    });
    if (sure && known.expiry == 0)
      in.owed.push_back({tag, std::min(*granted, known.qos), now, known.places.back().ordinal});
  }
}

void mqtt_rules::owe_retained(instant now, session& to, mqtt::packet_id request) {
  for (const auto& each : to.windows) {
    if (each.request != request || each.granted != never || each.ended != never ||
        each.leaving != never || each.qos == mqtt::qos::at_most_once ||
        each.handling == mqtt::retain_handling::never ||
        (each.handling == mqtt::retain_handling::if_new && !each.surely_new))
      continue;
    for (const auto& [topic, versions] : books_.all_retained()) {
      if (versions.empty())
        continue;
      // Only what was there before SUBSCRIBE came, and still is.
      const auto& last = versions.back();
      if (!last.tag || last.from + mqtt_books::settling > each.asked ||
          !books_.knows_retained(topic) || !mqtt_books::matches(each.filter, topic))
        continue;
      const auto* known = books_.find(*last.tag);
      if (known != nullptr && known->expiry == 0)
        to.owed.push_back({*last.tag, std::min(each.qos, known->qos), now, 0, true});
    }
  }
}

void mqtt_rules::on_mqtt_received(instant now, user_id user, const mqtt_message& what) {
  exercise();
  const auto* known = books_.find(what.tag);
  if (known == nullptr)
    return; // judge_publish has seen it
  auto& who = people_[user];
  who.last_received = now;
  if (what.qos != mqtt::qos::at_most_once)
    who.last_counted = now;
  if (!what.retain && !known->places.empty()) {
    auto& latest = at(who.latest, what.topic);
    latest = std::max(latest, known->places.front().ordinal);
  }
  if (!what.retain)
    who.latest_published = std::max(who.latest_published, known->published);
  auto& count = who.received[what.tag];
  if (what.retain) {
    who.received_retained.insert(what.tag);
    return void(count = std::max(count, 1U)); // it may come with each SUBSCRIBE
  }
  ++count;
  if (what.qos != mqtt::qos::exactly_once || known->retain)
    return;
  const auto often = ++who.received_once[what.tag];
  const auto copies =
      1 + std::count_if(who.groups.begin(), who.groups.end(), [&](const auto& each) {
        return mqtt_books::matches(mqtt_books::shared_filter(each), what.topic);
      });
  if (often > std::max<std::size_t>(known->places.size(), 1) * copies) // [MQTT-4.3.3-2]
    complain(now, user, "MQTT-4.3.3-2",
             text("mqtt ", user - mqtt_user_base, " received ", name_of(what.tag), " of \"",
                  what.topic, "\" ", often, " times at QoS 2"));
}

void mqtt_rules::on_mqtt_connected(instant now, user_id user, bool present) {
  auto& known = people_[user];
  known.connected = true;
  known.since = now;
  if (!present) {
    known.new_session = now;
    known.received.clear();
    known.received_once.clear();
    known.received_retained.clear();
    known.latest.clear();
    known.latest_published = {};
  }
}

void mqtt_rules::on_mqtt_disconnected(instant now, user_id user) {
  auto& known = people_[user];
  if (known.connected)
    known.since = now;
  known.connected = false;
}

bool mqtt_rules::is_in_line(instant now, const person& whose, std::string_view topic,
                            const mqtt_books::debt& what) {
  // With a Receive Maximum of 1 each message takes a whole round trip, and after a flood there are
  // thousands: that is slow, and not lost. What came later has not overtaken it.
  if (now - whose.last_received >= pause_max)
    return false;
  if (what.retained) // which has no place among the others, but was there when SUBACK was said
    return whose.latest_published <= what.when + mqtt_books::settling;
  const auto latest = whose.latest.find(topic);
  return latest == whose.latest.end() || latest->second < what.ordinal;
}

bool mqtt_rules::is_replaced(const person& whose, std::string_view topic,
                             const mqtt_books::debt& what) {
  const mqtt_books::retained* last = nullptr;
  for (const auto& version : books_.retained_of(topic)) {
    if (version.from < what.when || version.from > what.when + mqtt_books::settling)
      continue;
    if (version.tag && whose.received_retained.contains(*version.tag))
      return true;
    last = &version;
  }
  return last != nullptr && !last->tag;
}

void mqtt_rules::on_mqtt_end(instant now, const std::vector<user_id>& reachable) {
  judge_takeovers(now);
  judge_missing_wills(now);
  judge_group_debts(now, reachable);
  for (const auto user : reachable) {
    const auto& known = people_[user];
    const auto name = text("mqtt ", user - mqtt_user_base);
    if (!known.connected && deadline_.passed(known.since, now))
      complain(now, user, "liveness",
               text(name, " is not connected: it has not been since ", known.since,
                    ", and the bound is ", deadline_.bound()));
    for (const auto& [tag, since] : known.open)
      if (deadline_.passed(since, now)) // [MQTT-4.4.0-1]
        complain(now, user, "MQTT-4.4.0-1",
                 text(name, " never heard of its publish ", name_of(tag), ", made at ", since,
                      "; the bound is ", deadline_.bound()));
    const auto* in = books_.find_session(user);
    if (in == nullptr || in->ended || !known.connected)
      continue;
    for (const auto& each : in->owed) {
      exercise();
      const bool came = each.retained ? known.received_retained.contains(each.tag)
                                      : known.received.contains(each.tag);
      if (came || !deadline_.passed(each.when, now))
        continue;
      // A client that never learned of its new session (see judge_sequenced) takes identifiers of
      // that for those of publishes of QoS 2 that it has received in the old one.
      if (each.qos == mqtt::qos::exactly_once && in->begun > known.new_session)
        continue;
      const auto* lost = books_.find(each.tag);
      if (lost != nullptr && (is_in_line(now, known, lost->topic, each) ||
                              (each.retained && is_replaced(known, lost->topic, each))))
        continue;
      complain(now, user,
               each.retained                          ? "MQTT-3.3.1-9"
               : each.qos == mqtt::qos::at_least_once ? "MQTT-4.3.2-1"
                                                      : "MQTT-4.3.3-1",
               text(name, " never received ", name_of(each.tag), " of \"",
                    lost == nullptr ? "" : lost->topic, "\", sequenced at ", each.when,
                    ", although it was subscribed and its session goes on; the bound is ",
                    deadline_.bound()));
    }
  }
}

} // namespace kodama::sim::checkers
