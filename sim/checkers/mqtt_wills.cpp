#include "sim/checkers/mqtt.hpp"
#include "sim/checkers/text.hpp"

#include <algorithm>

/// Wills: published once, when the connection has ended without a DISCONNECT of reason 0x00 and the
/// Will Delay Interval has passed or the session has ended, and never otherwise (5.0, 3.1.2.5,
/// 3.1.3.2.2, 3.14.4).
namespace kodama::sim::checkers {
namespace {

std::string named(user_id user) {
  return text("mqtt ", user - mqtt_user_base);
}

} // namespace

void mqtt_rules::arm_will(const connection& by) {
  if (!by.will)
    return;
  will kept;
  kept.user = by.user;
  kept.delay = by.will_delay;
  wills_.insert_or_assign(*by.will, kept);
}

void mqtt_rules::detach_will(instant now, const session& in, mqtt::reason_code reason) {
  const auto* by = books_.find_connection(in.link);
  const auto at = by != nullptr && by->will ? wills_.find(*by->will) : wills_.end();
  if (at == wills_.end() || at->second.now != will::state::armed)
    return;
  auto& kept = at->second;
  if (reason == mqtt::reason_code::normal_disconnection) {
    kept.now = will::state::cancelled; // [MQTT-3.14.4-3]
    return;
  }
  kept.now = will::state::due;
  kept.due = server_time(now) + std::min(kept.delay, in.expiry);
}

void mqtt_rules::decide_wills(instant now, user_id user, bool session_goes_on) {
  for (auto& [tag, kept] : wills_) {
    if (kept.user != user || kept.now != will::state::due || kept.published != 0)
      continue;
    const auto left = kept.due - server_time(now);
    if (!session_goes_on) {
      if (left > duration{0})
        kept.due = server_time(now); // the session's end is the latest moment [MQTT-3.1.2-8]
    } else if (left > kept.delay / 8 + mqtt_books::settling) {
      kept.now = will::state::cancelled; // a new connection in time [MQTT-3.1.3-9]
    } else if (left > -kept.delay / 8 - mqtt_books::settling ||
               disturbed_ + kept.delay >= kept.due) {
      // A moment either way, or a server that stood still: the clocks decide.
      if (kept.delay > duration{0})
        kept.now = will::state::either;
    }
  }
}

void mqtt_rules::judge_will(instant now, message_tag tag) {
  const auto at = wills_.find(tag);
  if (at == wills_.end())
    return; // of a server that is no more
  exercise();
  auto& kept = at->second;
  const auto* known = books_.find(tag);
  if (++kept.published > 1)
    complain(now, kept.user, "MQTT-3.1.2-8",
             text(name_of(tag), " of ", named(kept.user), " is published for the ", kept.published,
                  known == nullptr ? "th time" : "th time, although it is due once"));
  switch (kept.now) {
  case will::state::armed:
    complain(now, kept.user, "MQTT-3.1.2-10",
             text(name_of(tag), " of ", named(kept.user),
                  " is published although its connection lives"));
    break;
  case will::state::cancelled:
    complain(now, kept.user, "MQTT-3.14.4-3",
             text(name_of(tag), " of ", named(kept.user),
                  " is published although it was not to be: ",
                  "its client said DISCONNECT, or came back before the Will Delay Interval of ",
                  kept.delay, " had passed"));
    break;
  case will::state::due:
    if (server_time(now) + kept.delay / 8 + mqtt_books::settling < kept.due)
      complain(now, kept.user, "MQTT-3.1.3-9",
               text(name_of(tag), " of ", named(kept.user), " is published at ", now,
                    ", before its Will Delay Interval of ", kept.delay, " has passed"));
    break;
  case will::state::either: break;
  }
}

void mqtt_rules::judge_missing_wills(instant now) {
  for (const auto& [tag, kept] : wills_) {
    const auto* known = books_.find(tag);
    if (kept.now != will::state::due || kept.published != 0 || known == nullptr ||
        known->qos == mqtt::qos::at_most_once) // nobody sequences that
      continue;
    exercise();
    if (kept.due - leapt_ + kept.delay / 8 + std::chrono::seconds{10} < now)
      complain(now, kept.user, "MQTT-3.1.2-8",
               text(name_of(tag), " of ", named(kept.user),
                    " was never published; it is due since ", kept.due - leapt_));
  }
}

} // namespace kodama::sim::checkers
