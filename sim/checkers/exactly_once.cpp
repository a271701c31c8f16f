#include "sim/checkers/exactly_once.hpp"

#include "sim/checkers/text.hpp"

#include <utility>

namespace kodama::sim::checkers {

void exactly_once::on_sequenced(instant now, std::string_view topic, session_key sender,
                                topic_sequence sequence, message_tag tag) {
  delivery_ledger::on_sequenced(now, topic, sender, sequence, tag);
  if (tag.number == 0 || is_of_mqtt(tag))
    return; // for authenticated or mqtt to judge
  const auto [first, added] =
      sequenced_.try_emplace(tag, place{sender.server_life, std::string{topic}, sequence});
  if (!added && !std::exchange(at(told_[sender], topic), true))
    violate(now, text("message ", name_of(tag), " from ", name_of(sender),
                      " was sequenced twice: as ", first->second.sequence, " of \"",
                      first->second.topic, "\" in server life ", first->second.life, ", and as ",
                      sequence, " of \"", topic, "\" in server life ", sender.server_life));
}

void exactly_once::on_acknowledged(instant now, user_id user, session_key who, message_tag tag) {
  exercise();
  acknowledged_.try_emplace(tag, now);
  // Of an acknowledgement only the session is known: one report for all its topics.
  if (!sequenced_.contains(tag) && !std::exchange(at(told_[who], ""), true))
    violate(now, text(name_of(user, who), " saw its publish ", name_of(tag),
                      " acknowledged, but no server has sequenced it"));
}

void exactly_once::on_received(instant now, user_id user, session_key who, std::string_view topic,
                               topic_sequence sequence, client_id sender, message_tag tag,
                               bool by_udp) {
  delivery_ledger::on_received(now, user, who, topic, sequence, sender, tag, by_udp);
  if (sequence == 0 || is_of_mqtt(tag))
    return;
  exercise();
  const auto [first, added] =
      received_[who].try_emplace(tag, place{who.server_life, std::string{topic}, sequence});
  if (!added && !std::exchange(at(told_[who], topic), true))
    violate(now, text(name_of(user, who), " received message ", name_of(tag), " twice: as ",
                      first->second.sequence, " of \"", first->second.topic, "\" and as ", sequence,
                      " of \"", topic, "\""));
}

void exactly_once::on_end(instant now, const std::vector<user_id>& reachable) {
  for (const auto user : reachable) {
    const auto session = session_of(user);
    if (!session)
      continue;
    for (const auto& one : missing(user, *session)) {
      const auto acknowledged = acknowledged_.find(one.tag);
      if (acknowledged == acknowledged_.end() ||
          std::exchange(at(told_[*session], one.topic), true))
        continue;
      violate(now, text(name_of(user, *session), " never received message ", name_of(one.tag), ", ",
                        one.sequence, " of \"", one.topic, "\": ", one.why, ", and user ",
                        one.tag.user, " saw the message acknowledged at ", acknowledged->second));
    }
  }
}

} // namespace kodama::sim::checkers
