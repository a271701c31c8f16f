#include "sim/checkers/unreliable_at_most_once.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "sim/checkers/text.hpp"

#include <algorithm>
#include <utility>

namespace kodama::sim::checkers {
namespace {

using namespace std::chrono_literals;

/// How long a dead UDP path may be believed in (udp_path::detection_max of the usual options is
/// 13.5 s), and a connection that is dead already besides its keepalive.
constexpr duration settling_min = 16s;
/// So many at one instant find room in any link's output (256 KiB), whatever their size (64 KiB).
constexpr unsigned burst_max = 4;
/// From publish to delivery, in a whole network.
constexpr duration transit_max = 2s;

std::string_view way(bool by_udp) {
  return by_udp ? "UDP" : "TCP";
}

} // namespace

void unreliable_at_most_once::on_received(instant now, user_id user, session_key who,
                                          std::string_view topic, topic_sequence sequence,
                                          client_id sender, message_tag tag, bool by_udp) {
  if (sequence != 0)
    return;
  exercise();
  auto& known = sessions_[who];
  auto& latest = at(known.latest, topic)[sender];
  if (latest.tag.number != 0 && latest.by_udp != by_udp) {
    exercise();
    ++path_changes_;
  }
  const bool twice = !known.received.insert(tag).second && tag != empty_message;
  // Wills are published when their connections end, in whatever order that is.
  const bool late = tag.user == latest.tag.user && tag.user < will_base && tag < latest.tag;
  if ((twice || late) && !std::exchange(at(known.told, topic), true)) {
    const auto received =
        text(name_of(user, who), " received message ", name_of(tag), " of client ", sender,
             " to \"", topic, "\" without a guarantee by ", way(by_udp));
    violate(now, twice ? text(received, " for the second time")
                       : text(received, " after the newer message ", name_of(latest.tag), " by ",
                              way(latest.by_udp)));
  }
  if (!late)
    latest = {tag, by_udp};
}

void unreliable_at_most_once::on_connected(instant now, user_id user, session_key who, bool resumed,
                                           duration keepalive) {
  leave(now, user);
  auto& known = online_[user];
  if (!resumed)
    known.subscribed.clear();
  known.session = who;
  known.since = now;
  known.keepalive = keepalive;
}

void unreliable_at_most_once::on_connection_lost(instant now, user_id user, session_key, errc) {
  leave(now, user);
}

void unreliable_at_most_once::on_session_lost(instant now, user_id user, session_key, errc,
                                              const std::vector<message_tag>&,
                                              const std::vector<topic_gap>&) {
  leave(now, user);
  online_.erase(user);
}

void unreliable_at_most_once::on_stopped(instant now, user_id user, session_key, errc) {
  leave(now, user);
  online_.erase(user);
}

void unreliable_at_most_once::on_forgot(instant now, user_id user, session_key) {
  leave(now, user);
  online_.erase(user);
}

void unreliable_at_most_once::on_subscribed(instant now, user_id user, session_key,
                                            std::string_view topic, topic_sequence) {
  online_[user].subscribed.try_emplace(std::string{topic}, now);
}

void unreliable_at_most_once::on_unsubscribed(instant now, user_id user, session_key,
                                              std::string_view topic, topic_sequence) {
  conclude(now, user);
  auto& subscribed = online_[user].subscribed;
  if (const auto where = subscribed.find(topic); where != subscribed.end())
    subscribed.erase(where);
}

void unreliable_at_most_once::on_published(instant now, user_id user, session_key who,
                                           std::string_view topic, message_tag tag, bool reliable) {
  const auto sender = online_.find(user);
  if (reliable || sender == online_.end() || !settled(sender->second, now))
    return;
  auto& burst = bursts_[user];
  if (std::exchange(burst.when, now) != now)
    burst.count = 0;
  if (++burst.count > burst_max) {
    std::erase_if(expected_, [&](const expectation& each) {
      return each.from == user && each.published == now;
    });
    return;
  }
  for (const auto& [to, known] : online_) {
    const auto hears = [&](const auto& each) {
      return now - each.second >= settling_min && mqtt::matches(each.first, topic);
    };
    if (!settled(known, now) ||
        std::none_of(known.subscribed.begin(), known.subscribed.end(), hears))
      continue;
    exercise();
    expected_.push_back({to, known.session, user, who.client, std::string{topic}, tag, now});
  }
}

void unreliable_at_most_once::on_healed(instant now) {
  healed_ = now;
}

void unreliable_at_most_once::on_end(instant now, const std::vector<user_id>&) {
  for (const auto& each : expected_)
    judge(now, each);
}

/// Whether nothing of what went wrong before can be in the way of this user's messages any more.
bool unreliable_at_most_once::settled(const presence& whose, instant now) const {
  // Connected: not since a moment ago only, and not in vain, as over a connection that is dead.
  return healed_ && whose.since != never &&
         now - std::max(whose.since, *healed_) >= settling_min + 2 * whose.keepalive;
}

void unreliable_at_most_once::leave(instant now, user_id user) {
  conclude(now, user);
  if (const auto known = online_.find(user); known != online_.end())
    known->second.since = never;
}

void unreliable_at_most_once::conclude(instant now, user_id user) {
  const auto concerns = [&](const expectation& each) {
    return each.to == user || each.from == user;
  };
  for (const auto& each : expected_)
    if (concerns(each))
      judge(now, each);
  std::erase_if(expected_, concerns);
}

void unreliable_at_most_once::judge(instant now, const expectation& what) {
  if (now - what.published < transit_max)
    return;
  auto& known = sessions_[what.session];
  // A newer one may have overtaken it on the other path.
  if (at(known.latest, what.topic)[what.sender].tag >= what.tag ||
      std::exchange(at(known.told, what.topic), true))
    return;
  violate(now, text(name_of(what.to, what.session), " never received message ", name_of(what.tag),
                    " of client ", what.sender, " to \"", what.topic,
                    "\", published without a guarantee at ", what.published,
                    ", although both have been connected for long in a network that is whole"));
}

} // namespace kodama::sim::checkers
