#include "actors/topic.hpp"

#include "actors/runtime/behavior_of.hpp"
#include "protocol/assert.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace kodama::actors {
namespace {

template <class Members>
auto position_of(Members& in, client_id client) {
  return std::lower_bound(in.begin(), in.end(), client,
                          [](const auto& m, client_id wanted) { return m.client < wanted; });
}

} // namespace

topic::topic(caf::actor_config& config, start from, observer& watching)
    : pinned_actor{config}
    , name_{std::move(from.name)}
    , directory_{std::move(from.directory)}
    , watching_{watching}
    , last_{from.last}
    , presence_last_{from.presence} {
  if (from.retained)
    need_extras().retained = std::move(from.retained);
  for (const auto& each : from.listeners)
    join(each);
}

caf::behavior topic::make_behavior() {
  watching_.on_topic_opened(name_);
  if (extras_ && extras_->retained) // the constructor runs elsewhere
    extras_->expiry.arm_at(extras_->retained->expires_at());
  return runtime::behavior_of<publish_batch, const topic_asked, const client_left,
                              const topic_retired, const topic_joined, const topic_parted,
                              const retained_wanted, const topic_member_away, shared_publication,
                              const runtime::alarm_rang>([this](auto& what) { handle(what); });
}

void topic::handle(const topic_retired&) {
  watching_.on_topic_closed(name_);
  topic_closed closed{name_, last_, presence_last_, {}};
  if (extras_)
    closed.retained = std::move(extras_->retained);
  send(directory_, std::move(closed));
  quit();
}

void topic::on_exit() {
  directory_ = nullptr;
  subscribers_.clear();
  to_subscribers_.reset();
  extras_.reset();
}

void topic::answer(const topic_asked& asked) {
  const auto session = caf::actor_cast<caf::actor>(current_sender());
  topic_answered reply{asked.what, name_, asked.request, 0, {}};
  switch (asked.what) {
  case topic_request::subscribe:
    reply.number = last_ + 1;
    if (insert(subscribers_, asked.client, session)) {
      to_subscribers_.reset();
      watching_.on_subscribed(name_, asked.client, last_ + 1);
      announce(asked.client, message::presence_event::joined);
    }
    break;
  case topic_request::unsubscribe:
    reply.number = last_ + 1;
    if (erase(subscribers_, asked.client)) {
      to_subscribers_.reset();
      watching_.on_unsubscribed(name_, asked.client, last_ + 1);
      announce(asked.client, message::presence_event::left);
    }
    break;
  case topic_request::watch:
    insert(need_extras().watchers, asked.client, session);
    reply.number = presence_last_ + 1;
    break;
  case topic_request::unwatch:
    if (extras_)
      erase(extras_->watchers, asked.client);
    reply.number = presence_last_ + 1;
    break;
  case topic_request::list:
    reply.number = presence_last_;
    reply.clients = subscriber_ids();
    break;
  }
  send(session, std::move(reply));
}

void topic::sequence(publish_batch& what) {
  const bool reliable = what.first != 0;
  if (!subscribers_.empty() || (extras_ && extras_->natives != 0))
    what.batch->add_image(what.sender, reliable, to_timestamp(now()));
  if (extras_ && (extras_->listeners.size() != extras_->natives || !extras_->groups.empty()))
    what.batch->add_forms();
  if (reliable) {
    const auto first = last_ + 1;
    last_ += what.batch->count();
    what.batch->set_sequence(first);
    watching_.on_sequenced(name_, what.sender, first, *what.batch);
  }
  const shared_batch batch = std::move(what.batch);
  const publication given{batch, reliable, reliable ? what.qos : mqtt::qos::at_most_once,
                          what.sender};
  if (const auto* only = find_only_one()) {
    send(*only, given);
  } else {
    // One allocation for all: CAF counts references to the message, whoever it goes to.
    const auto out = caf::make_message(given);
    send_to_all(subscribers_, to_subscribers_, out, [](const member&) { return true; });
    if (extras_)
      pass_to_listeners(given, out);
  }
  if (extras_)
    share(given);
  retain(batch, given.qos, std::move(what.room));
  if (reliable)
    send(caf::actor_cast<caf::actor>(current_sender()),
         publish_sequenced{what.first, batch->count(), what.at});
}

const caf::actor* topic::find_only_one() const {
  const auto listening = extras_ ? extras_->listeners.size() : 0;
  if (subscribers_.size() + listening != 1)
    return nullptr;
  if (listening == 0)
    return &subscribers_.front().session;
  return extras_->natives == 0 ? &extras_->listeners.front().session : nullptr;
}

template <class Members, class Predicate>
void topic::send_to_all(const Members& all, fan_out_ptr& kept, const caf::message& out,
                        Predicate&& wanted) {
  if (home().is_only()) {
    for (const auto& each : all)
      if (wanted(each))
        send(each.session, out);
    return;
  }
  if (!kept) {
    kept = std::make_unique<runtime::fan_out>(home());
    for (const auto& each : all)
      if (wanted(each))
        kept->add(each.session);
  }
  kept->send(*this, out);
}

void topic::pass_to_listeners(const publication& what, const caf::message& out) {
  send_to_all(extras_->listeners, extras_->to_listeners, out,
              [](const listener& each) { return !each.native; });
  if (extras_->natives == 0)
    return;
  caf::message filtered;
  for (const auto& each : extras_->listeners) {
    if (!each.native)
      continue;
    if (const auto at = position_of(subscribers_, each.client);
        at != subscribers_.end() && at->client == each.client)
      continue; // has it already
    if (filtered.empty())
      filtered = caf::make_message(filtered_publication{what, name_, extras_->epoch});
    send(each.session, filtered);
  }
}

void topic::share(const publication& what) {
  auto& groups = extras_->groups;
  if (groups.empty())
    return;
  std::vector<std::uint32_t> all(what.batch->count());
  std::iota(all.begin(), all.end(), 0U);
  for (auto& each : groups.all())
    share(each, what, all, {});
}

void topic::share(share_groups::group& among, const publication& what,
                  const std::vector<std::uint32_t>& indexes,
                  const std::vector<client_id>& declined) {
  std::map<client_id, std::pair<caf::actor, std::vector<std::uint32_t>>> turns;
  for (const auto index : indexes) {
    const auto* whose = share_groups::take_turn(among, declined);
    if (!whose) {
      if (!declined.empty())
        watching_.on_dropped(declined.front(), drop::no_member, indexes.size());
      return;
    }
    auto& turn = turns[whose->client];
    turn.first = whose->session;
    turn.second.push_back(index);
  }
  for (auto& [client, turn] : turns)
    send(turn.first, shared_publication{what, std::move(turn.second), among.filter, declined});
}

void topic::handle(shared_publication& declined) {
  if (auto* among = extras_ ? extras_->groups.find(declined.filter) : nullptr)
    share(*among, declined.what, declined.indexes, declined.declined);
  else // everybody has left it meanwhile
    watching_.on_dropped(declined.declined.front(), drop::no_member, declined.indexes.size());
}

void topic::handle(const topic_member_away& told) {
  if (extras_)
    extras_->groups.set_away(told.shared, told.client, told.away);
}

topic::extras& topic::need_extras() {
  if (!extras_)
    extras_ = std::make_unique<extras>(*this);
  return *extras_;
}

void topic::join(const topic_joined& joined) {
  auto& more = need_extras();
  more.epoch = joined.epoch;
  if (!joined.shared.empty())
    return more.groups.join(joined.shared, {joined.client, joined.session, joined.away});
  const auto at = position_of(more.listeners, joined.client);
  if (at != more.listeners.end() && at->client == joined.client) {
    ++at->filters;
    return;
  }
  more.to_listeners.reset();
  more.listeners.insert(at, listener{joined.client, joined.session, 1, joined.native});
  more.natives += joined.native ? 1 : 0;
}

void topic::part(const topic_parted& parted) {
  if (!extras_)
    return;
  auto& listeners = extras_->listeners;
  const auto client = parted.client;
  if (!parted.shared.empty())
    return extras_->groups.part(parted.shared, client);
  const auto at = position_of(listeners, client);
  if (at == listeners.end() || at->client != client || --at->filters != 0)
    return;
  extras_->natives -= at->native ? 1 : 0;
  listeners.erase(at);
  extras_->to_listeners.reset();
}

void topic::retain(const shared_batch& batch, mqtt::qos qos, retained_room_ptr room) {
  const auto& forms = batch->forms;
  auto last = forms.size();
  while (last != 0 && !forms.retain(last - 1))
    --last;
  if (last == 0)
    return;
  if (forms.image(last - 1).payload().empty()) // [MQTT-3.3.1-6], [MQTT-3.3.1-7]
    return set_retained(std::nullopt);
  KODAMA_ASSERT(room != nullptr);
  // The rest of the batch is not to be kept for as long as this one is.
  auto alone = std::make_shared<message_batch>();
  alone->forms = mqtt::publish_forms{forms.version()};
  alone->forms.add(forms, last - 1);
  set_retained(retained_message{std::move(alone), qos, std::move(room)});
}

void topic::set_retained(std::optional<retained_message> what) {
  if (!what && !extras_)
    return;
  auto& more = need_extras();
  more.retained = std::move(what);
  more.expiry.arm_at(more.retained ? more.retained->expires_at() : never);
}

void topic::handle(const retained_wanted& wanted) {
  if (extras_ && extras_->retained && extras_->retained->expires_at() > now())
    send(wanted.session, retained_found{wanted.filter, *extras_->retained, wanted.request});
}

void topic::handle(runtime::alarm_rang) {
  if (extras_ && extras_->retained && extras_->retained->expires_at() <= now())
    extras_->retained.reset();
}

void topic::leave(client_id client) {
  if (extras_)
    erase(extras_->watchers, client);
  if (erase(subscribers_, client)) {
    to_subscribers_.reset();
    watching_.on_unsubscribed(name_, client, last_ + 1);
    announce(client, message::presence_event::left);
  }
}

void topic::announce(client_id client, message::presence_event event) {
  ++presence_last_;
  watching_.on_presence(name_, presence_last_, client, event);
  if (!extras_ || extras_->watchers.empty())
    return;
  const auto notification =
      make_batch(message::presence{1, name_, presence_last_, client, event}, to_timestamp(now()));
  const auto out = caf::make_message(presence_changed{notification});
  for (const auto& watcher : extras_->watchers)
    send(watcher.session, out);
}

std::vector<client_id> topic::subscriber_ids() const {
  std::vector<client_id> ids;
  ids.reserve(subscribers_.size());
  for (const auto& subscriber : subscribers_)
    ids.push_back(subscriber.client);
  return ids;
}

bool topic::insert(members& into, client_id client, const caf::actor& session) {
  const auto at = position_of(into, client);
  if (at != into.end() && at->client == client)
    return false;
  into.insert(at, member{client, session});
  return true;
}

bool topic::erase(members& from, client_id client) {
  const auto at = position_of(from, client);
  if (at == from.end() || at->client != client)
    return false;
  from.erase(at);
  return true;
}

} // namespace kodama::actors
