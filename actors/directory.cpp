#include "actors/directory.hpp"

#include "actors/topic.hpp"
#include "protocol/assert.hpp"

#include <algorithm>
#include <string_view>

namespace kodama::actors {
namespace {

/// FNV-1a: the same in every process, unlike std::hash.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// What topics are matched with: the filter without its "$share/{ShareName}/".
std::string_view plain_filter(std::string_view text) {
  const auto parsed = mqtt::parse_topic_filter(text, mqtt::protocol_version::v5);
  KODAMA_ASSERT(parsed); // the session has judged it before
  return parsed->filter;
}

} // namespace

directory::directory(caf::actor_config& config, std::vector<runtime::home_unit*> homes,
                     observer& watching)
    : pinned_actor{config}
    , homes_{std::move(homes)}
    , watching_{watching}
    , alarm_{*this} {}

caf::behavior directory::make_behavior() {
  return {
      [this](const topic_wanted& m) {
        open(m.name, caf::actor_cast<caf::actor>(current_sender()));
      },
      [this](const topic_released& m) { release(m.name); },
      [this](topic_closed& m) { close(m); },
      [this](const filters_asked& m) {
        subscribe(m, caf::actor_cast<caf::actor>(current_sender()));
      },
      [this](const filters_left& m) {
        unsubscribe(m, caf::actor_cast<caf::actor>(current_sender()));
      },
      [this](const filters_away& m) { set_away(m); },
      [this](runtime::alarm_rang) {
        retained_.drop_expired(now());
        alarm_.arm_at(retained_.next_expiry());
      },
  };
}

void directory::on_exit() {
  for (const auto& [name, found] : entries_)
    if (found.topic)
      send_exit(found.topic, caf::exit_reason::kill);
  entries_.clear();
  listeners_.clear();
  retained_.clear();
  alarm_.cancel();
}

void directory::open(const std::string& name, caf::actor session) {
  const auto [at, is_new] = entries_.try_emplace(name);
  auto& found = at->second;
  ++found.holders;
  if (is_new)
    found.topic = spawn_topic(name);
  if (found.topic) {
    send(session, topic_opened{name, found.topic});
  } else {
    if (!found.waiting)
      found.waiting = std::make_unique<std::vector<caf::actor>>();
    found.waiting->push_back(std::move(session));
  }
}

void directory::release(const std::string& name) {
  const auto at = entries_.find(name);
  KODAMA_ASSERT(at != entries_.end() && at->second.holders > 0);
  auto& found = at->second;
  if (--found.holders != 0 || !found.topic)
    return;
  send(found.topic, topic_retired{});
  found.topic = nullptr;
}

void directory::close(topic_closed& closed) {
  last_ = std::max(last_, closed.last);
  presence_last_ = std::max(presence_last_, closed.presence);
  const auto at = entries_.find(closed.name);
  KODAMA_ASSERT(at != entries_.end() && !at->second.topic);
  auto& found = at->second;
  if (closed.retained && closed.retained->expires_at() <= now())
    closed.retained.reset();
  if (found.curious) {
    for (const auto& each : *found.curious)
      if (closed.retained)
        send(each.session, retained_found{each.filter, *closed.retained});
    found.curious.reset();
  }
  if (closed.retained) {
    retained_.keep(closed.name, std::move(*closed.retained));
    alarm_.arm_at(retained_.next_expiry());
  }
  if (!found.waiting) {
    entries_.erase(at);
    return;
  }
  // Some of those who waited may have let go meanwhile; the handle is theirs all the same, and
  // when nobody holds it any more it retires at once.
  found.topic = spawn_topic(closed.name);
  for (const auto& session : *found.waiting)
    send(session, topic_opened{closed.name, found.topic});
  found.waiting.reset();
  if (found.holders == 0) {
    send(found.topic, topic_retired{});
    found.topic = nullptr;
  }
}

caf::actor directory::spawn_topic(const std::string& name) {
  auto& home = *homes_[hash_of(name) % homes_.size()];
  topic::start from{name, caf::actor{this}, last_, presence_last_, retained_.take(name), {}};
  filters_.match(name, [&](const holder& each) {
    from.listeners.push_back(
        joined_by(each.client, listeners_.at(each.client),
                  each.share == 0 ? std::string{} : std::string{share_names_.at(each.share)}));
  });
  return runtime::spawn_on<topic>(home, std::move(from), watching_);
}

// --- filters ------------------------------------------------------------------------------------

topic_joined directory::joined_by(client_id client, const listener& who, std::string shared) const {
  return {client, who.session, std::move(shared), who.away, who.native, epoch_};
}

template <class Visitor>
void directory::each_open(std::string_view filter, Visitor&& visit) {
  const auto prefix = literal_prefix(filter);
  if (prefix.size() == filter.size()) {
    if (const auto at = entries_.find(filter); at != entries_.end())
      visit(at->first, at->second);
    return;
  }
  for (auto at = entries_.lower_bound(prefix);
       at != entries_.end() && std::string_view{at->first}.starts_with(prefix); ++at)
    if (mqtt::matches(filter, at->first))
      visit(at->first, at->second);
}

void directory::subscribe(const filters_asked& asked, const caf::actor& session) {
  auto& found = listeners_[asked.client];
  found.session = session;
  found.away = false; // as it was in a former life of which not all filters have left yet
  found.native = asked.native;
  ++epoch_;
  for (const auto& each : asked.filters) {
    if (insert(each.text, asked.client)) {
      ++found.filters;
      const auto plain = plain_filter(each.text);
      const auto shared = plain.size() == each.text.size() ? std::string{} : each.text;
      each_open(plain, [&](const std::string&, entry& open) {
        if (open.topic)
          send(open.topic, joined_by(asked.client, found, shared));
      });
    }
    if (each.wants_retained)
      offer_retained(each.text, session);
  }
  tell(asked.client, found);
  if (found.filters == 0)
    listeners_.erase(asked.client);
  send(session, filters_answered{asked.request, epoch_});
}

void directory::tell(client_id client, const listener& who) const {
  watching_.on_filters(who.native ? spoken::native : spoken::mqtt, client, who.filters);
}

void directory::offer_retained(const std::string& filter, const caf::actor& session) {
  each_open(filter, [&](const std::string&, entry& open) {
    if (open.topic) {
      send(open.topic, retained_wanted{session, filter});
    } else {
      if (!open.curious)
        open.curious = std::make_unique<std::vector<retained_wanted>>();
      open.curious->push_back({session, filter});
    }
  });
  retained_.each(filter, now(), [&](const retained_message& kept) {
    send(session, retained_found{filter, kept});
  });
}

bool directory::insert(const std::string& text, client_id client) {
  const auto plain = plain_filter(text);
  if (plain.size() == text.size())
    return filters_.insert(text, {client, 0});
  const auto [at, is_new] = shares_.try_emplace(text);
  if (is_new) {
    at->second.number = ++last_share_;
    share_names_.emplace(last_share_, at->first);
  }
  const bool inserted = filters_.insert(plain, {client, at->second.number});
  at->second.members += inserted ? 1 : 0;
  return inserted;
}

bool directory::erase(const std::string& text, client_id client) {
  const auto plain = plain_filter(text);
  if (plain.size() == text.size())
    return filters_.erase(text, {client, 0});
  const auto at = shares_.find(text);
  if (at == shares_.end() || !filters_.erase(plain, {client, at->second.number}))
    return false;
  if (--at->second.members == 0) {
    share_names_.erase(at->second.number);
    shares_.erase(at);
  }
  return true;
}

void directory::set_away(const filters_away& told) {
  const auto at = listeners_.find(told.client);
  if (at == listeners_.end())
    return;
  at->second.away = told.away;
  for (const auto& each : told.filters)
    each_open(plain_filter(each), [&](const std::string&, entry& open) {
      if (open.topic)
        send(open.topic, topic_member_away{told.client, each, told.away});
    });
}

void directory::unsubscribe(const filters_left& left, const caf::actor& session) {
  const auto at = listeners_.find(left.client);
  for (const auto& each : left.filters) {
    if (!erase(each, left.client))
      continue;
    --at->second.filters;
    const auto plain = plain_filter(each);
    const auto shared = plain.size() == each.size() ? std::string{} : each;
    each_open(plain, [&](const std::string&, entry& open) {
      if (open.topic)
        send(open.topic, topic_parted{left.client, shared});
    });
  }
  if (at != listeners_.end()) {
    tell(left.client, at->second);
    if (at->second.filters == 0)
      listeners_.erase(at);
  }
  if (left.request != 0)
    send(session, filters_answered{left.request, epoch_});
}

} // namespace kodama::actors
