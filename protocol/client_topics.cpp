#include "protocol/client_topics.hpp"

#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>

namespace kodama {

void client_topics::handle_asked(std::string_view name, which what, bool wanted,
                                 message_id request) {
  const auto where = at(name);
  auto& interest = where->second.*what;
  interest.wanted = wanted;
  interest.latest = request;
  forget_if_idle(where);
}

void client_topics::handle_refused(std::string_view name, which what, message_id request) {
  const auto where = topics_.find(name);
  if (where == topics_.end())
    return;
  auto& interest = where->second.*what;
  if (interest.latest == request && !interest.active)
    interest.wanted = false;
  forget_if_idle(where);
}

void client_topics::handle_subscribed(std::string_view name, topic_sequence first) {
  auto& topic = at(name)->second;
  // Asked for twice: the first answer's promise holds and deliveries have begun already.
  if (topic.subscription.active)
    return;
  topic.subscription.active = true;
  topic.heard = false;
  if (mqtt::has_wildcard(name))
    filters_.emplace_back(name);
  topic.first = first;
  topic.last = 0;
}

void client_topics::handle_watching(std::string_view name) {
  at(name)->second.watch.active = true;
}

void client_topics::handle_ended(std::string_view name, which what) {
  const auto where = topics_.find(name);
  if (where == topics_.end())
    return;
  (where->second.*what).active = false;
  if (what == &topic::subscription && mqtt::has_wildcard(name))
    end_filter(name);
  forget_if_idle(where);
}

void client_topics::end_filter(std::string_view filter) {
  std::erase(filters_, filter);
  for (auto where = topics_.begin(); where != topics_.end();) {
    const auto each = where++;
    if (each->second.heard && !is_matched(each->first)) {
      each->second.heard = false;
      forget_if_idle(each);
    }
  }
}

bool client_topics::is_subscribed(std::string_view name) {
  const auto where = find_recent(name);
  if (where != topics_.end() && (where->second.subscription.active || where->second.heard))
    return true;
  return is_matched(name);
}

client_topics::topic* client_topics::find_subscribed(std::string_view name,
                                                     topic_sequence sequence) {
  if (!is_subscribed(name))
    return nullptr;
  auto where = find_recent(name);
  if (where == topics_.end())
    where = recent_ = at(name);
  auto& found = where->second;
  if (!found.subscription.active && !found.heard)
    hear(where, sequence);
  return &found;
}

void client_topics::hear(table::iterator where, topic_sequence first) {
  auto& found = where->second;
  found.heard = true;
  found.first = first;
  found.last = 0;
  heard_.push_back(where->first);
  if (heard_.size() <= heard_max)
    return;
  if (const auto oldest = topics_.find(heard_.front());
      oldest != topics_.end() && oldest != where) {
    oldest->second.heard = false;
    forget_if_idle(oldest);
  }
  heard_.pop_front();
}

client_topics::table::iterator client_topics::find_recent(std::string_view name) {
  if (recent_ == topics_.end() || recent_->first != name)
    recent_ = topics_.find(name);
  return recent_;
}

bool client_topics::is_matched(std::string_view name) const {
  return std::any_of(filters_.begin(), filters_.end(),
                     [&](const auto& filter) { return mqtt::matches(filter, name); });
}

bool client_topics::is_wanted(std::string_view name, which what) const {
  const auto where = topics_.find(name);
  return where != topics_.end() && (where->second.*what).wanted;
}

bool client_topics::is_watched(std::string_view name) const {
  const auto where = topics_.find(name);
  return where != topics_.end() && where->second.watch.active;
}

std::vector<client_event::topic_gap> client_topics::gaps() const {
  std::vector<client_event::topic_gap> gaps;
  for (const auto& [name, topic] : topics_)
    if (topic.subscription.active || topic.heard)
      gaps.push_back({name, topic.last, topic.first});
  return gaps;
}

void client_topics::end_session() {
  filters_.clear();
  heard_.clear();
  for (auto where = topics_.begin(); where != topics_.end();) {
    auto& topic = where->second;
    topic.subscription.active = topic.watch.active = topic.heard = false;
    topic.first = topic.last = 0;
    forget_if_idle(where++);
  }
}

std::vector<std::string> client_topics::wanted(which what) const {
  std::vector<std::string> names;
  for (const auto& [name, topic] : topics_)
    if ((topic.*what).wanted)
      names.push_back(name);
  return names;
}

client_topics::table::iterator client_topics::at(std::string_view name) {
  const auto where = topics_.lower_bound(name);
  if (where != topics_.end() && where->first == name)
    return where;
  return topics_.emplace_hint(where, std::string{name}, topic{});
}

void client_topics::forget_if_idle(table::iterator where) {
  const auto& [subscription, watch, heard, first, last] = where->second;
  if (subscription.wanted || subscription.active || watch.wanted || watch.active || heard)
    return;
  if (recent_ == where)
    recent_ = topics_.end();
  topics_.erase(where);
}

} // namespace kodama
