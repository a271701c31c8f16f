#include "actors/topic_handles.hpp"

#include "protocol/assert.hpp"

#include <iterator>

namespace kodama::actors {

topic_handles::slot& topic_handles::use(std::string_view topic) {
  auto& found = find_or_open(topic)->second;
  mark_used(found);
  return found;
}

void topic_handles::wait(slot& for_handle, caf::message what) {
  if (!for_handle.waiting) {
    for_handle.waiting = std::make_unique<std::vector<caf::message>>();
    ++waiting_;
  }
  for_handle.waiting->push_back(std::move(what));
}

void topic_handles::set_subscribed(std::string_view topic, bool yes) {
  set_interest(topic, &slot::subscribed, yes);
}

void topic_handles::set_watching(std::string_view topic, bool yes) {
  set_interest(topic, &slot::watching, yes);
}

bool topic_handles::is_interest(std::string_view topic) const {
  const auto at = slots_.find(topic);
  return at != slots_.end() && (at->second.subscribed || at->second.watching);
}

void topic_handles::handle_opened(const topic_opened& opened, client_id client) {
  const auto at = slots_.find(opened.name);
  if (at == slots_.end())
    return; // let go of meanwhile; the directory has counted that too
  auto& found = at->second;
  KODAMA_ASSERT(!found.topic);
  found.topic = opened.topic;
  if (const auto waited = std::move(found.waiting)) {
    --waiting_;
    for (auto& what : *waited)
      owner_.send(found.topic, std::move(what));
  }
  if (found.leaving)
    leave(at, client);
  else
    shrink_cache();
}

void topic_handles::leave_all(client_id client) {
  for (auto at = slots_.begin(); at != slots_.end();) {
    const auto next = std::next(at);
    if (at->second.topic)
      leave(at, client);
    else
      at->second.leaving = true;
    at = next;
  }
  interests_ = 0;
}

void topic_handles::leave(slots::iterator at, client_id client) {
  // Also where the session is no longer subscribed: nothing is left behind by mistake.
  owner_.send(at->second.topic, client_left{client});
  owner_.send(directory_, topic_released{at->first});
  slots_.erase(at);
}

void topic_handles::clear() {
  slots_.clear();
  waiting_ = 0;
  directory_ = nullptr;
}

topic_handles::slots::iterator topic_handles::find_or_open(std::string_view topic) {
  if (const auto at = slots_.find(topic); at != slots_.end())
    return at;
  owner_.send(directory_, topic_wanted{std::string{topic}});
  return slots_.try_emplace(std::string{topic}).first;
}

void topic_handles::set_interest(std::string_view topic, bool slot::*which, bool yes) {
  auto& found = find_or_open(topic)->second;
  const bool before = found.subscribed || found.watching;
  found.*which = yes;
  const bool after = found.subscribed || found.watching;
  if (before && !after)
    --interests_;
  else if (!before && after)
    ++interests_;
  if (!after)
    shrink_cache();
}

void topic_handles::mark_used(slot& which) {
  if (++uses_ == 0) { // the count has gone round: all of them are equally old
    for (auto& [name, each] : slots_)
      each.used = 0;
    uses_ = 1;
  }
  which.used = uses_;
}

void topic_handles::shrink_cache() {
  while (slots_.size() - interests_ > cached_max_) {
    auto oldest = slots_.end();
    for (auto at = slots_.begin(); at != slots_.end(); ++at) {
      const auto& candidate = at->second;
      if (candidate.topic && !candidate.subscribed && !candidate.watching &&
          (oldest == slots_.end() || candidate.used < oldest->second.used))
        oldest = at;
    }
    if (oldest == slots_.end())
      return; // all of them still wait for the directory; it will answer
    owner_.send(directory_, topic_released{oldest->first});
    slots_.erase(oldest);
  }
}

} // namespace kodama::actors
