#include "sim/checkers/liveness.hpp"

#include "sim/checkers/text.hpp"

#include <set>
#include <utility>

namespace kodama::sim::checkers {

void liveness::on_connected(instant now, user_id who, session_key session, bool resumed,
                            duration keepalive) {
  delivery_ledger::on_connected(now, who, session, resumed, keepalive);
  auto& known = users_[who];
  if (known.session != session) // what the server believes of the earlier one is seen no more
    doubt(now, who, udp_belief::end::server);
  known.connected = true;
  known.since = now;
  known.session = session;
}

void liveness::on_connection_lost(instant now, user_id who, session_key session, errc reason) {
  const auto& known = users_[who];
  if (reason == errc::keepalive_timeout && known.connected && undisturbed(known.since))
    violate(now, text(name_of(who, session), " took its connection of ", known.since,
                      " for dead, but the server lives and the network is whole"));
  disconnect(now, who);
}

void liveness::on_udp_changed(instant now, user_id who, bool up) {
  if (up)
    udp_.begin(who, udp_belief::end::client, now);
  else
    doubt(now, who, udp_belief::end::client);
}

void liveness::on_route_changed(instant now, session_key session, bool udp) {
  const auto who = find_user(session);
  if (who && udp)
    udp_.begin(*who, udp_belief::end::server, now);
  else if (who)
    doubt(now, *who, udp_belief::end::server);
}

void liveness::on_udp_blocked(instant now, user_id who, udp_directions which, instant until) {
  udp_.handle_blocked(who, which, now, until);
}

std::optional<user_id> liveness::find_user(session_key session) const {
  for (const auto& [who, known] : users_)
    if (known.session == session)
      return who;
  return std::nullopt;
}

void liveness::doubt(instant now, user_id who, udp_belief::end where) {
  const auto blocked = udp_.conclude(who, where, now);
  if (!blocked)
    return;
  exercise();
  if (blocked->length() <= udp_patience_)
    return;
  const auto session = users_[who].session;
  violate(now,
          text(where == udp_belief::end::client ? name_of(who, session)
                                                : text("the server, towards ", name_of(session)),
               " believed in its way by UDP until ", blocked->until, ", but it had been ",
               "blocked since ", blocked->since, "; ", udp_patience_, " are enough to notice"));
}

void liveness::on_session_lost(instant now, user_id who, session_key session, errc reason,
                               const std::vector<message_tag>& unconfirmed,
                               const std::vector<topic_gap>& gaps) {
  delivery_ledger::on_session_lost(now, who, session, reason, unconfirmed, gaps);
  disconnect(now, who);
  // What the list leaves out by mistake is for no-silent-loss to say.
  users_[who].open.clear();
}

void liveness::on_stopped(instant now, user_id who, session_key session, errc reason) {
  delivery_ledger::on_stopped(now, who, session, reason);
  disconnect(now, who);
  users_[who].open.clear();
}

void liveness::on_forgot(instant now, user_id who, session_key session) {
  delivery_ledger::on_forgot(now, who, session);
  disconnect(now, who);
  users_[who].open.clear();
}

void liveness::disconnect(instant now, user_id who) {
  doubt(now, who, udp_belief::end::client);
  auto& known = users_[who];
  // Attempts that fail do not begin the absence anew.
  if (known.connected)
    known.since = now;
  known.connected = false;
}

void liveness::on_published(instant now, user_id who, session_key session, std::string_view topic,
                            message_tag tag, bool reliable) {
  delivery_ledger::on_published(now, who, session, topic, tag, reliable);
  if (reliable)
    users_[who].open.try_emplace(tag, publish{now, std::string{topic}});
}

void liveness::on_acknowledged(instant now, user_id who, session_key session, message_tag tag) {
  auto& known = users_[who];
  const auto open = known.open.find(tag);
  if (open == known.open.end())
    return;
  if (known.late.empty() && deadline_.late(open->second.when, now))
    known.late = text(name_of(who, session), " saw its publish ", name_of(tag), " to \"",
                      open->second.topic, "\", made at ", open->second.when,
                      ", acknowledged too late, at ", now, ": the bound is ", deadline_.bound());
  known.open.erase(open);
}

void liveness::on_publish_failed(instant, user_id who, session_key, message_tag tag, errc) {
  users_[who].open.erase(tag);
}

void liveness::on_received(instant now, user_id who, session_key session, std::string_view topic,
                           topic_sequence sequence, client_id sender, message_tag tag,
                           bool by_udp) {
  delivery_ledger::on_received(now, who, session, topic, sequence, sender, tag, by_udp);
  if (sequence == 0)
    return;
  auto& known = users_[who];
  const auto truth = find_sequenced(session.server_life, topic, sequence);
  if (known.late.empty() && truth != nullptr && deadline_.late(truth->when, now))
    known.late = text(name_of(who, session), " received message ", name_of(tag), ", ", sequence,
                      " of \"", topic, "\", sequenced at ", truth->when, ", too late, at ", now,
                      ": the bound is ", deadline_.bound());
}

void liveness::on_attached(instant now, session_key session, std::uint64_t link,
                           duration keepalive) {
  alone_.erase(session);
  connections_.insert_or_assign(session, connection{link, keepalive, now, now, paused_until(now)});
}

void liveness::on_heard(instant now, session_key session, std::uint64_t link) {
  const auto attached = connections_.find(session);
  if (attached == connections_.end() || attached->second.link != link)
    return; // for one-owner to judge
  judge_silence(now, session, attached->second);
  attached->second.heard = now;
  attached->second.paused = paused_until(now);
}

void liveness::on_session_detached(instant now, session_key session, errc reason) {
  const auto attached = connections_.find(session);
  if (attached == connections_.end())
    return;
  // A copy that never says a word waits for as long as the kernel does until it is connected.
  constexpr auto copies_last = std::chrono::seconds{21};
  if (reason == errc::keepalive_timeout && undisturbed(attached->second.attached, copies_last))
    violate(now, text("the server took connection ", attached->second.link, " of ",
                      name_of(session), ", attached at ", attached->second.attached,
                      ", for dead, but every client lives and the network is whole"));
  judge_silence(now, session, attached->second);
  connections_.erase(attached);
  alone_.emplace(session, now);
  on_route_changed(now, session, false);
}

void liveness::on_session_ended(instant now, session_key session, errc reason) {
  delivery_ledger::on_session_ended(now, session, reason);
  on_session_detached(now, session, reason);
}

void liveness::on_server_stopped(instant now, std::uint32_t life) {
  delivery_ledger::on_server_stopped(now, life);
  for (auto& [session, attached] : connections_)
    if (session.server_life == life) {
      judge_silence(now, session, attached);
      alone_.emplace(session, now);
      on_route_changed(now, session, false);
    }
  std::erase_if(connections_, [&](const auto& each) { return each.first.server_life == life; });
}

void liveness::on_server_paused(instant now, bool paused) {
  paused_ = paused_until(now);
  paused_since_ = paused ? std::optional{now} : std::nullopt;
  // Standing still, it notices nothing; afterwards it has its time again.
  for (const auto who : std::exchange(udp_while_paused_, {}))
    udp_.begin(who, udp_belief::end::server, now);
  if (!paused)
    return;
  for (const auto& [who, known] : users_)
    if (udp_.believes(who, udp_belief::end::server)) {
      doubt(now, who, udp_belief::end::server);
      udp_while_paused_.push_back(who);
    }
}

duration liveness::paused_until(instant now) const {
  return paused_since_ ? paused_ + (now - *paused_since_) : paused_;
}

void liveness::judge_silence(instant now, session_key session, connection& what) {
  // A keepalive of 0 switches the watch off.
  if (what.keepalive == duration::zero())
    return;
  exercise();
  const auto paused = paused_until(now) - what.paused;
  const auto silent = now - what.heard - paused;
  if (silent > what.keepalive * 3 / 2 + keepalive_slack_ && !std::exchange(what.told, true))
    violate(now, text("connection ", what.link, " of ", name_of(session), " was silent since ",
                      what.heard, ", ", silent, " of the server's running time, but the server ",
                      "had to notice after 1.5 keepalives of ", what.keepalive));
}

bool liveness::undisturbed(instant since, duration aftermath) const {
  return healed_ && *healed_ + aftermath < since;
}

void liveness::on_healed(instant now) {
  deadline_.handle_healed(now);
  healed_ = now;
  udp_.handle_healed(now);
}

void liveness::on_end(instant now, const std::vector<user_id>& reachable) {
  for (auto& [session, attached] : connections_)
    judge_silence(now, session, attached);
  for (const auto& [who, known] : users_) {
    doubt(now, who, udp_belief::end::client);
    doubt(now, who, udp_belief::end::server);
  }
  for (const auto who : reachable) {
    judge_user(now, who);
    judge_deliveries(now, who);
  }
}

void liveness::judge_user(instant now, user_id who) {
  const auto& known = users_[who];
  if (deadline_.passed(instant{}, now))
    exercise();
  if (!known.late.empty())
    violate(now, known.late);
  if (!known.connected && deadline_.passed(known.since, now))
    violate(now, text("user ", who, " is not connected: it has not been since ", known.since,
                      ", and the bound is ", deadline_.bound()));
  if (const auto alone = alone_.find(known.session);
      known.connected && alone != alone_.end() && deadline_.passed(alone->second, now))
    violate(now, text(name_of(who, known.session), " believes itself connected, but no connection ",
                      "has carried its session since ", alone->second, "; the bound is ",
                      deadline_.bound()));
  for (const auto& [tag, open] : known.open) {
    if (!deadline_.passed(open.when, now))
      continue;
    violate(now,
            text("user ", who, " never heard of its publish ", name_of(tag), " to \"", open.topic,
                 "\", made at ", open.when, ": neither acknowledged, nor refused, ",
                 "nor reported as unconfirmed; the bound is ", deadline_.bound()));
    break;
  }
}

void liveness::judge_deliveries(instant now, user_id who) {
  const auto session = session_of(who);
  if (!session)
    return;
  std::set<std::string_view> told;
  for (const auto& one : missing(who, *session))
    if (deadline_.passed(one.when, now) && told.insert(one.topic).second)
      violate(now, text(name_of(who, *session), " never received message ", name_of(one.tag), ", ",
                        one.sequence, " of \"", one.topic, "\", sequenced at ", one.when, ": ",
                        one.why, ", and the bound is ", deadline_.bound()));
}

} // namespace kodama::sim::checkers
