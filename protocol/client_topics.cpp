#include "protocol/client_topics.hpp"

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
  forget_if_idle(where);
}

client_topics::topic* client_topics::find_subscribed(std::string_view name) {
  if (recent_ == topics_.end() || recent_->first != name)
    recent_ = topics_.find(name);
  if (recent_ == topics_.end() || !recent_->second.subscription.active)
    return nullptr;
  return &recent_->second;
}

bool client_topics::is_watched(std::string_view name) const {
  const auto where = topics_.find(name);
  return where != topics_.end() && where->second.watch.active;
}

std::vector<client_event::topic_gap> client_topics::gaps() const {
  std::vector<client_event::topic_gap> gaps;
  for (const auto& [name, topic] : topics_)
    if (topic.subscription.active)
      gaps.push_back({name, topic.last, topic.first});
  return gaps;
}

void client_topics::end_session() {
  for (auto where = topics_.begin(); where != topics_.end();) {
    auto& topic = where->second;
    topic.subscription.active = topic.watch.active = false;
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
  const auto& [subscription, watch, first, last] = where->second;
  if (subscription.wanted || subscription.active || watch.wanted || watch.active)
    return;
  if (recent_ == where)
    recent_ = topics_.end();
  topics_.erase(where);
}

} // namespace kodama
