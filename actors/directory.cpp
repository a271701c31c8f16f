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
                     observer& watching)
    : pinned_actor{config}
    , homes_{std::move(homes)}
    , watching_{watching} {}

caf::behavior directory::make_behavior() {
  return {
      [this](const topic_wanted& m) {
        open(m.name, caf::actor_cast<caf::actor>(current_sender()));
      },
      [this](const topic_released& m) { release(m.name); },
      [this](const topic_closed& m) { close(m); },
  };
}

void directory::on_exit() {
  for (const auto& [name, found] : entries_)
    if (found.topic)
      send_exit(found.topic, caf::exit_reason::kill);
  entries_.clear();
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

void directory::close(const topic_closed& closed) {
  last_ = std::max(last_, closed.last);
  presence_last_ = std::max(presence_last_, closed.presence);
  const auto at = entries_.find(closed.name);
  KODAMA_ASSERT(at != entries_.end() && !at->second.topic);
  auto& found = at->second;
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
  return runtime::spawn_on<topic>(home, topic::start{name, caf::actor{this}, last_, presence_last_},
                                  watching_);
}

} // namespace kodama::actors
