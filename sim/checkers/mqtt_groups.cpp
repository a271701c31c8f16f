#include "sim/checkers/mqtt.hpp"
#include "sim/checkers/text.hpp"

#include "sim/witness.hpp"

#include <algorithm>

/// By which subscriptions a PUBLISH goes out, as Subscription Identifiers say (5.0, 3.3.4), and
/// what the groups of shared subscriptions get: each message once, as long as somebody is there
/// (4.8.2).
namespace kodama::sim::checkers {
namespace {

/// How long it takes at most until all topics know who of a group is away.
constexpr duration telling_max = std::chrono::seconds{2};

std::string named(user_id user) {
  return text("mqtt ", user - mqtt_user_base);
}

bool contains(const std::vector<std::uint32_t>& all, std::uint32_t one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// Whether what says these identifiers may have come by a subscription with this one.
bool fits(const std::vector<std::uint32_t>& said, std::uint32_t identifier, bool is_shared) {
  if (said.empty())
    return identifier == 0;
  return contains(said, identifier) && (!is_shared || said.size() == 1);
}

instant first_seen(const mqtt_books::message& what) {
  return what.places.empty() ? what.published : what.places.front().when;
}

} // namespace

mqtt_rules::origin mqtt_rules::find_origin(instant now, const session& to,
                                           const mqtt::publish& what, const message& known,
                                           bool by_identifier) {
  origin found;
  const auto from = first_seen(known);
  for (const auto& each : to.windows) {
    const auto shared = mqtt_books::shared_filter(each.filter);
    const bool is_shared = !shared.empty();
    if (!mqtt_books::matches(is_shared ? shared : each.filter, known.topic))
      continue;
    if (by_identifier &&
        !fits(what.properties.subscription_identifiers, each.identifier, is_shared))
      continue;
    const bool answers_subscribe = !is_shared && what.retain;
    if (!each.possible(answers_subscribe ? each.asked : from, now))
      continue;
    if (!is_shared)
      found.plain = true;
    else if (what.retain == (known.retain && each.as_published) &&
             std::find(found.groups.begin(), found.groups.end(), each.filter) == found.groups.end())
      found.groups.push_back(each.filter);
  }
  return found;
}

void mqtt_rules::judge_identifiers(instant now, const session& to, const mqtt::publish& what,
                                   message_tag tag, const message& known, const origin& by) {
  if (to.has_forgotten || (by.is_none() && find_origin(now, to, what, known, false).is_none()))
    return; // for others to judge
  exercise();
  const auto& said = what.properties.subscription_identifiers;
  const auto it_goes_out = [&] {
    std::string all;
    for (const auto each : said)
      all += (all.empty() ? "" : ", ") + std::to_string(each);
    return text(name_of(tag), " of \"", known.topic, "\" goes out to ", named(to.user),
                " with the Subscription Identifiers ", all.empty() ? "none" : all);
  };
  const auto matches = [&](const window& each) {
    return mqtt_books::matches(each.filter, known.topic);
  };
  const auto is_known = [&](std::uint32_t one) {
    return std::any_of(to.windows.begin(), to.windows.end(), [&](const window& each) {
      return each.identifier == one && matches(each) &&
             each.possible(what.retain ? each.asked : first_seen(known), now);
    });
  };
  // [MQTT-3.3.4-3], [MQTT-3.3.4-5]; that of a group stands alone.
  if (by.is_none() || (by.groups.empty() && !std::all_of(said.begin(), said.end(), is_known)))
    complain(now, to.user, "MQTT-3.3.4-3",
             it_goes_out() + ", which are not those of subscriptions that match it");
  if (!by.plain || !by.is_certain() || what.retain)
    return;
  const bool own = known.from == to.user && is_of_mqtt(tag);
  for (const auto& each : to.windows)
    if (each.identifier != 0 && each.certain(first_seen(known), now) && !(own && each.no_local) &&
        matches(each) && !contains(said, each.identifier)) // [MQTT-3.3.4-4]
      complain(now, to.user, "MQTT-3.3.4-4",
               text(it_goes_out(), ", but its subscription to \"", each.filter,
                    "\" matches too and has ", each.identifier));
}

bool mqtt_rules::is_known_share(const session& to, message_tag tag, const origin& by) {
  return std::any_of(by.groups.begin(), by.groups.end(), [&](const std::string& group) {
    const auto& given = shares_.of(group, tag);
    return std::any_of(given.begin(), given.end(),
                       [&](const auto& each) { return each.session == to.serial; });
  });
}

void mqtt_rules::note_group(user_id user, const mqtt::subscription& asked) {
  people_[user].groups.emplace(asked.filter);
  if (asked.maximum_qos == mqtt::qos::at_most_once)
    shares_.note_unguarded(asked.filter);
}

void mqtt_rules::judge_share(instant now, const session& to, const mqtt::publish& what,
                             message_tag tag, const message& known, const origin& by) {
  exercise();
  const bool sure = by.is_certain();
  mqtt_shares::share given{to.user, to.serial, what.qos, what.id, sure};
  if (to.ended) // and this is still on its way out
    given.ended = now;
  if (sure) {
    const auto& group = by.groups.front();
    const mqtt_shares::share* other = nullptr;
    std::size_t copies = 0;
    for (const auto& each : shares_.of(group, tag)) {
      if (!each.certain || each.may_go_on())
        continue;
      ++copies;
      other = &each;
    }
    // What was published twice at QoS 1 counts twice. What an ended session still has on its way
    // out at QoS 1 may have gone to another one before.
    if (copies >= std::max<std::size_t>(known.places.size(), 1) &&
        !(to.ended && what.qos == mqtt::qos::at_least_once)) {
      const bool was_cut = other->qos == mqtt::qos::exactly_once && other->taken == never;
      complain(now, to.user, was_cut && other->ended != never ? "MQTT-4.8.2-5" : "4.8.2",
               text(name_of(tag), " goes out to ", named(to.user), " by \"", group,
                    "\", but had gone out to ", named(other->user), " at QoS ",
                    static_cast<int>(other->qos),
                    other->ended == never ? "" : ", whose session has ended since"));
    }
    const auto from = first_seen(known);
    const bool right = std::any_of(to.windows.begin(), to.windows.end(), [&](const window& each) {
      return each.filter == group && each.possible(from, now) &&
             what.qos == std::min(each.qos, known.qos);
    });
    if (!right) // [MQTT-3.8.4-8]
      complain(now, to.user, "MQTT-3.8.4-8",
               text(name_of(tag), ", published at QoS ", static_cast<int>(known.qos),
                    ", goes out to ", named(to.user), " by \"", group, "\" at QoS ",
                    static_cast<int>(what.qos), ", which was not granted"));
    judge_turn(now, to, group, tag);
  }
  for (const auto& group : by.groups)
    shares_.give(group, tag, known.places.empty() ? 0 : known.places.front().ordinal, given);
}

void mqtt_rules::note_last_words(instant now, const session& next, const mqtt::publish& what) {
  const auto* connection = books_.find_connection(next.link);
  const auto tag = tag_of(what.payload).value_or(empty_message);
  const auto* known = books_.find(tag);
  if (known == nullptr || connection == nullptr || connection->present)
    return; // the session goes on, and says it again
  for (const auto& group : people_[next.user].groups)
    if (mqtt_books::matches(mqtt_books::shared_filter(group), known->topic))
      shares_.give(group, tag, 0,
                   {.user = next.user, .qos = what.qos, .certain = false, .ended = now});
}

void mqtt_rules::judge_turn(instant now, const session& to, const std::string& group,
                            message_tag tag) {
  const auto* debt = shares_.find_debt(group, tag);
  // What had been given to another one whose session ended may go to whoever is left.
  if (debt == nullptr || shares_.last_end(group) >= debt->when ||
      to.since <= debt->when + mqtt_books::settling ||
      std::find(debt->away.begin(), debt->away.end(), to.serial) == debt->away.end())
    return;
  exercise();
  for (const auto& [user, in] : books_.sessions()) {
    if (std::find(debt->present.begin(), debt->present.end(), in.serial) == debt->present.end())
      continue;
    for (const auto& each : in.windows)
      if (each.filter == group && each.certain(debt->when, debt->when + mqtt_books::settling))
        return complain(now, to.user, "4.8.2",
                        text(name_of(tag), " goes out to ", named(to.user), " by \"", group,
                             "\", who was away when it was sequenced at ", debt->when,
                             ", although ", named(user), " was connected"));
  }
}

void mqtt_rules::owe_groups(instant now, message_tag tag, const message& known) {
  if (known.qos == mqtt::qos::at_most_once || known.expiry != 0)
    return;
  struct standing {
    bool somebody = false; ///< is in it for certain
    std::vector<std::uint64_t> present;
    std::vector<std::uint64_t> away;
  };
  const bool is_calm = disturbed_ + telling_max <= server_time(now);
  std::map<std::string_view, standing> groups;
  for (const auto& [user, in] : books_.sessions())
    for (const auto& each : in.windows) {
      const auto shared = mqtt_books::shared_filter(each.filter);
      if (in.ended || shared.empty() || !each.possible(now, now) ||
          !mqtt_books::matches(shared, known.topic))
        continue;
      auto& of = groups[each.filter];
      const bool certain = each.certain(now, now);
      of.somebody = of.somebody || certain;
      if (is_calm && certain && in.attached && in.since + telling_max <= now)
        of.present.push_back(in.serial);
      if (is_calm && !in.attached && in.detached + telling_max <= server_time(now))
        of.away.push_back(in.serial);
    }
  for (auto& [group, of] : groups)
    if (of.somebody)
      shares_.owe({std::string{group}, tag, now, known.places.back().ordinal, std::move(of.present),
                   std::move(of.away)});
}

bool mqtt_rules::is_satisfied(const mqtt_shares::debt& what) {
  const auto& given = shares_.of(what.group, what.tag);
  return std::any_of(given.begin(), given.end(), [](const mqtt_shares::share& each) {
    // What was sent at QoS 2 to a session that has ended is lost [MQTT-4.8.2-5].
    return each.taken != never || (each.ended != never && !each.may_go_on());
  });
}

bool mqtt_rules::may_wait(instant now, const mqtt_shares::debt& what,
                          const std::vector<user_id>& reachable) {
  bool somebody_stayed = false;
  const auto& given = shares_.of(what.group, what.tag);
  // Named apart: lambdas capture no structured bindings before clang 16.
  for (const auto& entry : books_.sessions()) {
    const auto user = entry.first;
    const auto& in = entry.second;
    for (const auto& each : in.windows) {
      if (in.ended || each.filter != what.group || !each.possible(what.when, now))
        continue;
      const auto& known = people_[user];
      if (!in.attached || !known.connected ||
          std::find(reachable.begin(), reachable.end(), user) == reachable.end())
        return true;
      // As in is_in_line(); what another one left behind comes at the end.
      const bool moves = now - known.last_counted < pause_max;
      const bool is_under_way = std::any_of(given.begin(), given.end(), [&](const auto& share) {
        return share.session == in.serial && share.ended == never;
      });
      if (moves && (is_under_way || shares_.last_end(what.group) > what.when ||
                    shares_.latest(what.group, user) < what.ordinal))
        return true;
      somebody_stayed = somebody_stayed || each.certain(what.when, now);
    }
  }
  return !somebody_stayed;
}

void mqtt_rules::on_mqtt_dropped(instant, user_id, std::size_t count) {
  dropped_ += count;
}

void mqtt_rules::judge_group_debts(instant now, const std::vector<user_id>& reachable) {
  // Nobody has to take what another one had no room for; of so few messages that can't be.
  constexpr std::size_t large = 4'096;
  const auto few = session_buffer_max_ / 2 / large;
  bool all_have_room = true;
  for (const auto& [user, in] : books_.sessions())
    all_have_room = all_have_room && in.perhaps_owed < few;
  auto excused = all_have_room ? 0 : dropped_;
  for (const auto& each : shares_.owed()) {
    exercise();
    const auto since = std::max(each.when, shares_.last_end(each.group));
    // Who came later may be given at QoS 0 what was left behind.
    if (shares_.is_unguarded(each.group) || is_satisfied(each) || !deadline_.passed(since, now) ||
        may_wait(now, each, reachable))
      continue;
    if (excused != 0) {
      --excused;
      continue;
    }
    complain(now, each.tag.user, "4.8.2",
             text(name_of(each.tag), ", sequenced at ", each.when, ", never reached anybody of \"",
                  each.group,
                  "\", although somebody was subscribed by it all the time; the bound is ",
                  deadline_.bound()));
  }
}

} // namespace kodama::sim::checkers
