#include "sim/checkers/topic_order.hpp"

#include "protocol/mqtt/topic_filter.hpp"
#include "sim/checkers/text.hpp"

#include <utility>

namespace kodama::sim::checkers {

void topic_order::on_sequenced(instant now, std::string_view topic, session_key sender,
                               topic_sequence sequence, message_tag tag) {
  auto& all = at(sequenced_[sender.server_life], topic);
  if (!all.empty()) {
    const auto& [last, message_there] = *all.rbegin();
    if (sequence <= last && !std::exchange(at(server_told_[sender.server_life], topic), true))
      violate(now, text("the server gave message ", name_of(tag), " from ", name_of(sender),
                        " the number ", sequence, " of \"", topic, "\" after it had given ", last,
                        " to message ", name_of(message_there.tag)));
  }
  all.insert_or_assign(sequence, message{tag, sender.client});
}

void topic_order::on_server_subscribed(instant now, std::string_view topic, session_key session,
                                       topic_sequence first) {
  const auto all = find(sequenced_, session.server_life, topic);
  if (all == nullptr || all->empty())
    return;
  exercise();
  if (const auto last = all->rbegin()->first;
      first <= last && !std::exchange(at(server_told_[session.server_life], topic), true))
    violate(now, text("the server subscribed ", name_of(session), " to \"", topic, "\" from ",
                      first, " on after it had given ", last));
}

void topic_order::on_received(instant now, user_id user, session_key who, std::string_view topic,
                              topic_sequence sequence, client_id sender, message_tag tag, bool) {
  if (sequence == 0)
    return;
  compare(now, user, who, topic, sequence, {tag, sender});
  auto& latest = at(latest_[who], topic);
  if (latest.sequence != 0) {
    exercise();
    const auto next = due(latest, who.server_life, topic);
    if (sequence != next && !std::exchange(at(told_[who], topic), true))
      violate(now, text(name_of(user, who), " received ", sequence, " of \"", topic, "\" (message ",
                        name_of(tag), ") right after ", latest.sequence, " (message ",
                        name_of(latest.tag), "), but ", next, " was due"));
  }
  latest.sequence = sequence;
  latest.tag = tag;
}

topic_sequence topic_order::due(const received& latest, std::uint32_t life,
                                std::string_view topic) {
  if (const auto all = find(sequenced_, life, topic); !latest.subscribed && all != nullptr)
    if (const auto next = all->upper_bound(latest.sequence); next != all->end())
      return next->first;
  return latest.sequence + 1;
}

void topic_order::compare(instant now, user_id user, session_key who, std::string_view topic,
                          topic_sequence sequence, const message& got) {
  const auto all = find(sequenced_, who.server_life, topic);
  const auto truth = all == nullptr ? messages::const_iterator{} : all->find(sequence);
  if (all == nullptr || truth == all->end()) {
    if (!std::exchange(at(told_[who], topic), true))
      violate(now, text(name_of(user, who), " received message ", name_of(got.tag), " as ",
                        sequence, " of \"", topic, "\", a number that the server has not given"));
    return;
  }
  const auto& [tag, sender] = truth->second;
  if ((tag != got.tag || sender != got.sender) && !std::exchange(at(told_[who], topic), true))
    violate(now, text(name_of(user, who), " received message ", name_of(got.tag), " of client ",
                      got.sender, " as ", sequence, " of \"", topic,
                      "\", but under that number the server sequenced message ", name_of(tag),
                      " of client ", sender));
}

void topic_order::on_subscribed(instant, user_id, session_key who, std::string_view topic,
                                topic_sequence) {
  // Where it was heard by a filter, the topic may have begun anew since.
  if (auto& latest = at(latest_[who], topic); !std::exchange(latest.subscribed, true))
    latest.sequence = 0;
}

void topic_order::on_unsubscribed(instant, user_id, session_key who, std::string_view topic,
                                  topic_sequence) {
  // The next subscription may begin anywhere.
  for (auto& [name, latest] : latest_[who])
    if (name == topic || (!latest.subscribed && mqtt::matches(topic, name)))
      latest = {};
}

} // namespace kodama::sim::checkers
