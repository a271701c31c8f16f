#include "actors/retained_messages.hpp"

namespace kodama::actors {

void retained_messages::keep(const std::string& topic, retained_message what) {
  if (const auto former = by_topic_.find(topic); former != by_topic_.end())
    erase(former);
  if (what.expires_at() != never)
    expiring_.emplace(what.expires_at(), topic);
  by_topic_.emplace(topic, std::move(what));
}

std::optional<retained_message> retained_messages::take(std::string_view topic) {
  const auto at = by_topic_.find(topic);
  if (at == by_topic_.end())
    return std::nullopt;
  auto found = at->second;
  erase(at);
  return found;
}

void retained_messages::drop_expired(instant now) {
  while (next_expiry() <= now)
    erase(by_topic_.find(expiring_.begin()->second));
}

void retained_messages::clear() noexcept {
  by_topic_.clear();
  expiring_.clear();
}

void retained_messages::erase(table::iterator at) {
  if (at->second.expires_at() != never)
    expiring_.erase({at->second.expires_at(), at->first});
  by_topic_.erase(at);
}

} // namespace kodama::actors
