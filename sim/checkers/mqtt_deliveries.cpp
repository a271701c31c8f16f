#include "sim/checkers/mqtt.hpp"
#include "sim/checkers/text.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "sim/witness.hpp"

#include <algorithm>

/// Each PUBLISH of the server: to whom, at which QoS, under which identifier, in which order, and
/// with which flags (5.0, 3.3, 4.3, 4.4, 4.6, 4.9).
namespace kodama::sim::checkers {
namespace {

std::string named(user_id user) {
  return text("mqtt ", user - mqtt_user_base);
}

int number(mqtt::qos of) {
  return static_cast<int>(of);
}

} // namespace

void mqtt_rules::judge_publish(instant now, session& to, const connection& by,
                               const mqtt::publish& what) {
  exercise();
  const auto tag = tag_of(what.payload).value_or(message_tag{});
  bool again = false;
  if (what.qos != mqtt::qos::at_most_once)
    judge_identifier(now, to, by, what, tag, again);
  else if (what.dup) // [MQTT-3.3.1-2]
    complain(now, to.user, "MQTT-3.3.1-2", text("DUP at QoS 0: ", name_of(tag)));
  if (tag == empty_message)
    return; // it says nothing of its origin
  const auto* known = books_.find(tag);
  if (known == nullptr || known->topic != what.topic) {
    complain(now, to.user, "MQTT-3.3.2-7",
             text(named(to.user), " is sent what nobody has published to \"", what.topic, "\""));
    return;
  }
  if (what.qos > known->qos) // [MQTT-3.8.4-8]: the lower of both
    complain(now, to.user, "MQTT-3.8.4-8",
             text(name_of(tag), " was published at QoS ", number(known->qos), ", but goes out at ",
                  number(what.qos)));
  const auto ways = find_origin(now, to, what, *known, true);
  if (ways.groups.empty())
    judge_order(now, to, what, tag, *known);
  if (again) { // the subscription may have ended meanwhile
    if (!ways.groups.empty() && !is_known_share(to, tag, ways))
      judge_share(now, to, what, tag, *known, ways);
    return;
  }
  judge_expiry(now, to, what, tag, *known);
  judge_identifiers(now, to, what, tag, *known, ways);
  if (!ways.groups.empty())
    return judge_share(now, to, what, tag, *known, ways);
  if (what.retain)
    judge_retained(now, to, what, tag, *known);
  else
    judge_subscription(now, to, what, tag, *known);
}

void mqtt_rules::judge_identifier(instant now, session& to, const connection& by,
                                  const mqtt::publish& what, message_tag tag, bool& again) {
  const auto at = to.in_flight.find(what.id);
  if (at != to.in_flight.end()) {
    auto& before = at->second;
    again = what.dup;
    if (!what.dup && before.tag == tag) // [MQTT-3.3.1-1]
      complain(now, to.user, "MQTT-3.3.1-1",
               text(name_of(tag), " goes out again as ", what.id, " without DUP"));
    else if (before.tag != tag) // [MQTT-2.2.1-4]
      complain(now, to.user, "MQTT-2.2.1-4",
               text("the identifier ", what.id, " of ", name_of(before.tag),
                    " is in use, but given to ", name_of(tag)));
    else if (before.released) // [MQTT-4.3.3-6]
      complain(now, to.user, "MQTT-4.3.3-6",
               text(name_of(tag), " goes out again as ", what.id, " after its PUBREL"));
    else if (before.link == by.link) // [MQTT-4.4.0-1]
      complain(now, to.user, "MQTT-4.4.0-1",
               text(name_of(tag), " goes out twice on connection ", by.link));
    before = {tag, what.qos, false, by.link};
  } else {
    again = what.dup;
    to.in_flight.emplace(what.id, mqtt_books::flight{tag, what.qos, false, by.link});
  }
  const auto under_way = static_cast<std::size_t>(
      std::count_if(to.in_flight.begin(), to.in_flight.end(),
                    [&](const auto& each) { return each.second.link == by.link; }));
  if (under_way > by.receive_maximum) // [MQTT-3.3.4-9]
    complain(now, to.user, "MQTT-3.3.4-9",
             text(under_way, " publishes are under way to ", named(to.user),
                  ", whose Receive Maximum is ", by.receive_maximum));
}

void mqtt_rules::judge_order(instant now, session& to, const mqtt::publish& what, message_tag tag,
                             const message& known) {
  if (what.retain)
    return; // older than what flows past it
  if (known.places.empty()) {
    if (known.qos != mqtt::qos::at_most_once || tag.user >= will_base)
      return;
    // Of two sessions the older one's may still be on its way, on a connection that was lost.
    auto& last = to.last_plain[{known.from, known.by, known.topic}];
    if (tag.number <= last) // once at most, and in order
      complain(now, to.user, "MQTT-4.6.0-5",
               text(name_of(tag), ", published at QoS 0, goes out to ", named(to.user),
                    " after number ", last, " of the same publisher"));
    last = std::max(last, tag.number);
    return;
  }
  auto& last = at(to.last_ordinal, known.topic);
  const auto next = std::find_if(known.places.begin(), known.places.end(),
                                 [&](const auto& each) { return each.ordinal > last; });
  if (next == known.places.end())
    complain(now, to.user, "MQTT-4.6.0-6",
             text(name_of(tag), " goes out to ", named(to.user), " once more, or after what \"",
                  known.topic, "\" sequenced later"));
  else
    last = next->ordinal;
}

void mqtt_rules::judge_subscription(instant now, session& to, const mqtt::publish& what,
                                    message_tag tag, const message& known) {
  const auto from = known.places.empty() ? known.published : known.places.front().when;
  const bool own = known.from == to.user && is_of_mqtt(tag);
  bool any = false;
  bool all_no_local = true;
  bool all_as_published = true;
  std::optional<mqtt::qos> least;
  std::set<mqtt::qos> possible;
  for (const auto& each : to.windows) {
    if (!each.possible(from, now) || !mqtt_books::matches(each.filter, known.topic))
      continue;
    any = true;
    if (own && each.no_local)
      continue;
    all_no_local = false;
    all_as_published = all_as_published && each.as_published;
    possible.insert(each.qos);
    if (each.certain(from, now))
      least = least ? std::max(*least, each.qos) : each.qos;
  }
  if (!any) { // [MQTT-3.3.5-1], [MQTT-3.10.4-3]
    complain(now, to.user, "MQTT-3.10.4-3",
             text(name_of(tag), " of \"", known.topic, "\" goes out to ", named(to.user),
                  ", which has no subscription that matches"));
    return;
  }
  if (all_no_local) { // [MQTT-3.8.3-3]
    complain(now, to.user, "MQTT-3.8.3-3",
             text(name_of(tag), " goes back to ", named(to.user),
                  ", which published it and asked for No Local"));
    return;
  }
  if (known.retain && all_as_published) // [MQTT-3.3.1-13]
    complain(now, to.user, "MQTT-3.3.1-13",
             text(name_of(tag), " goes out to ", named(to.user),
                  " without RETAIN, but every subscription wants it as published"));
  const bool right = std::any_of(possible.begin(), possible.end(), [&](mqtt::qos granted) {
    return (!least || granted >= *least) && what.qos == std::min(granted, known.qos);
  });
  if (!right) // [MQTT-3.8.4-8], [MQTT-3.3.4-2]
    complain(now, to.user, "MQTT-3.8.4-8",
             text(name_of(tag), ", published at QoS ", number(known.qos), ", goes out to ",
                  named(to.user), " at QoS ", number(what.qos), ", but granted was ",
                  number(least.value_or(*possible.rbegin()))));
}

void mqtt_rules::judge_retained(instant now, session& to, const mqtt::publish& what,
                                message_tag tag, const message& known) {
  const auto from = known.places.empty() ? known.published : known.places.front().when;
  bool live = false;
  std::size_t asked = 0;
  bool current = !books_.knows_retained(known.topic);
  bool at_right_qos = false;
  bool outdated = true;
  for (auto at = to.windows.begin(); at != to.windows.end(); ++at) {
    const auto& each = *at;
    if (!mqtt_books::matches(each.filter, known.topic))
      continue;
    if (each.as_published && known.retain && each.possible(from, now))
      live = true;
    const bool answers = each.possible(each.asked, now) &&
                         (each.handling == mqtt::retain_handling::always ||
                          (each.handling == mqtt::retain_handling::if_new && each.is_new));
    if (!answers)
      continue;
    ++asked;
    outdated = outdated && is_outdated(tag, known, each);
    // Who replaces the subscription before the topic has heard of it is sent it as the new one
    // has it [MQTT-3.8.4-3].
    at_right_qos =
        at_right_qos || std::any_of(at, to.windows.end(), [&](const window& newer) {
          return newer.filter == each.filter && !newer.refused &&
                 (each.granted == never || newer.asked <= each.granted + mqtt_books::settling) &&
                 what.qos == std::min(newer.qos, known.qos);
        });
    for (const auto& version : books_.retained_of(known.topic))
      if (version.tag == tag &&
          (version.until == never || version.until + mqtt_books::settling >= each.asked))
        current = true;
  }
  if (live)
    return;
  const auto said = ++to.retained_said[tag];
  if (asked == 0) // [MQTT-3.3.1-9] to [MQTT-3.3.1-12]
    complain(now, to.user, "MQTT-3.3.1-12",
             text(name_of(tag), " goes out to ", named(to.user),
                  " with RETAIN, but no subscription of it asks for that"));
  else if (!current) // [MQTT-3.3.1-5], [MQTT-3.3.1-6]
    complain(now, to.user, "MQTT-3.3.1-5",
             text(name_of(tag), " goes out to ", named(to.user), " as the retained message of \"",
                  known.topic, "\", but had been replaced or cleared when that was asked for"));
  else if (outdated) // [MQTT-3.3.1-5]
    complain(now, to.user, "MQTT-3.3.1-5",
             text(name_of(tag), " goes out to ", named(to.user), " as the retained message of \"",
                  known.topic, "\", but they had replaced it themselves before they asked"));
  else if (!at_right_qos) // [MQTT-3.8.4-8]
    complain(now, to.user, "MQTT-3.8.4-8",
             text(name_of(tag), ", retained and published at QoS ", number(known.qos),
                  ", goes out to ", named(to.user), " at QoS ", number(what.qos),
                  ", which is granted by none of its subscriptions"));
  else if (said > asked && !to.has_forgotten) // [MQTT-3.3.1-9]: once for each
    complain(now, to.user, "MQTT-3.3.1-9",
             text(name_of(tag), " goes out to ", named(to.user), " as a retained message ", said,
                  " times, but that was asked for ", asked, " times"));
}

bool mqtt_rules::is_outdated(message_tag tag, const message& known, const window& by) {
  const auto own = by.retained_before.find(known.topic);
  if (own == by.retained_before.end() || own->second == tag || known.places.empty())
    return false;
  const auto* newer = books_.find(own->second);
  return newer != nullptr &&
         (newer->places.empty() || known.places.back().ordinal < newer->places.front().ordinal);
}

void mqtt_rules::judge_expiry(instant now, const session& to, const mqtt::publish& what,
                              message_tag tag, const message& known) {
  if (known.expiry == 0 || known.places.empty())
    return;
  exercise();
  const duration interval{std::chrono::seconds{known.expiry}};
  // The server counts from when the message came, which nobody sees: after its publisher first sent
  // it, and before its topic gave it a place. A pause of the server may lie in between.
  const auto waited = now - known.places.front().when;
  const auto waited_at_most = now - known.published;
  // Several places, a leap or slow clocks: the server may have counted less or more.
  const auto slack = [this](duration counted) {
    return counted / 8 + std::chrono::seconds{1} + leapt_;
  };
  if (known.places.size() == 1 && waited > interval + slack(waited)) // [MQTT-3.3.2-5]
    complain(now, to.user, "MQTT-3.3.2-5",
             text(name_of(tag), " goes out to ", named(to.user), " after ", waited,
                  ", but has expired after ", interval));
  const auto told = what.properties.message_expiry_interval;
  const auto* by = books_.find_connection(to.link);
  if (by == nullptr || by->version != mqtt::protocol_version::v5 || known.places.size() != 1)
    return;
  const duration left{std::chrono::seconds{told.value_or(0)}};
  const auto most = std::max(interval - waited, duration{0}) + slack(waited);
  const auto least = interval - waited_at_most - slack(waited_at_most);
  if (!told || left > most || left < least)
    complain(now, to.user, "MQTT-3.3.2-6",
             text(name_of(tag), " goes out to ", named(to.user), " after ", waited, " of ",
                  interval, ", but says that ", left, " are left"));
}

} // namespace kodama::sim::checkers
