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

} // namespace

directory::directory(caf::actor_config& config, std::vector<runtime::home_unit*> homes,
                     const node_options& options, observer& watching)
    : pinned_actor{config}
    , homes_{std::move(homes)}
    , options_{options}
    , watching_{watching}
    , alarm_{*this} {}

caf::behavior directory::make_behavior() {
  return {
      [this](const topic_wanted& m) {
        open(m.name, caf::actor_cast<caf::actor>(current_sender()));
      },
      [this](const topic_released& m) { release(m.name); },
      [this](topic_closed& m) { close(m); },
      [this](filters_asked& m) {
        const auto client = m.client;
        take(client, {std::move(m), caf::actor_cast<caf::actor>(current_sender())});
      },
      [this](filters_left& m) {
        const auto client = m.client;
        take(client, {std::move(m), caf::actor_cast<caf::actor>(current_sender())});
      },
      [this](filters_away& m) {
        const auto client = m.client;
        take(client, {std::move(m), {}});
      },
      [this](runtime::alarm_rang) {
        retained_.drop_expired(now());
        if (rests_until_ <= now()) {
          rests_until_ = never;
          worked_at_ = never;
        }
        work();
      },
  };
}

void directory::arm_alarm() {
  alarm_.arm_at(std::min(rests_until_, retained_.next_expiry()));
}

void directory::on_exit() {
  for (const auto& [name, found] : entries_)
    if (found.topic)
      send_exit(found.topic, caf::exit_reason::kill);
  entries_.clear();
  listeners_.clear();
  retained_.clear();
  requests_.clear();
  walk_.reset();
  alarm_.cancel();
}

void directory::open(const std::string& name, caf::actor session) {
  const auto [at, is_new] = entries_.try_emplace(name);
  auto& found = at->second;
  ++found.holders;
  if (is_new)
    spawn_topic(name, found);
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
        send(each.session, retained_found{each.filter, *closed.retained, each.request});
    found.curious.reset();
  }
  if (closed.retained) {
    retained_.keep(closed.name, std::move(*closed.retained));
    arm_alarm();
  }
  if (!found.waiting) {
    entries_.erase(at);
    return;
  }
  // Some of those who waited may have let go meanwhile; the handle is theirs all the same, and
  // when nobody holds it any more it retires at once.
  spawn_topic(closed.name, found);
  for (const auto& session : *found.waiting)
    send(session, topic_opened{closed.name, found.topic});
  found.waiting.reset();
  if (found.holders == 0) {
    send(found.topic, topic_retired{});
    found.topic = nullptr;
  }
}

void directory::spawn_topic(const std::string& name, entry& into) {
  auto& home = *homes_[hash_of(name) % homes_.size()];
  auto kept = retained_.take(name);
  if (walk_ && walk_->way.is_to_meet(name) && walk_->born_ahead.insert(name).second && kept)
    meet(*kept); // it will not when it comes past
  topic::start from{name, caf::actor{this}, last_, presence_last_, std::move(kept), {}};
  filters_.match(name, [&](const holder& each) {
    from.listeners.push_back(
        joined_by(each.client, listeners_.at(each.client),
                  each.share == 0 ? std::string{} : std::string{share_names_.at(each.share)}));
  });
  into.topic = runtime::spawn_on<topic>(home, std::move(from), watching_);
}

} // namespace kodama::actors
