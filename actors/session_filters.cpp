#include "actors/session_filters.hpp"

#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>
#include <utility>

namespace kodama::actors {

session_filters::table::iterator session_filters::find(std::string_view filter) {
  const auto [first, last] = all_.equal_range(filter);
  const auto at =
      std::find_if(first, last, [](const auto& each) { return each.second.ended == 0; });
  return at == last ? all_.end() : at;
}

bool session_filters::contains(std::string_view filter) const {
  const auto [first, last] = all_.equal_range(filter);
  return std::any_of(first, last, [](const auto& each) { return each.second.ended == 0; });
}

void session_filters::handle_asked(topic_request what, std::string_view filter, message_id id) {
  const auto at = find(filter);
  if (what == topic_request::unsubscribe) {
    if (at != all_.end()) {
      at->second.ended = id;
      --wanted_;
    }
  } else if (at == all_.end()) { // who asks once more keeps what there is
    all_.emplace(filter, subscription{id, 0, std::nullopt});
    ++wanted_;
  }
  requests_.emplace(id, request{what, std::string{filter}});
}

std::optional<session_filters::request>
session_filters::handle_answered(const filters_answered& answer) {
  auto found = requests_.extract(answer.request);
  if (found.empty())
    return std::nullopt;
  const auto [first, last] = all_.equal_range(found.mapped().filter);
  for (auto at = first; at != last;) {
    const auto each = at++;
    if (each->second.asked == answer.request)
      each->second.since = answer.epoch;
    else if (each->second.ended == answer.request)
      all_.erase(each);
  }
  return std::move(found.mapped());
}

bool session_filters::hear(std::string_view topic, filter_epoch epoch) const {
  return std::any_of(all_.begin(), all_.end(), [&](const auto& each) {
    return each.second.since && *each.second.since <= epoch && mqtt::matches(each.first, topic);
  });
}

std::vector<std::string> session_filters::take_all() {
  std::vector<std::string> names;
  for (const auto& [name, each] : std::exchange(all_, {}))
    if (each.ended == 0)
      names.push_back(name);
  wanted_ = 0;
  requests_.clear();
  return names;
}

} // namespace kodama::actors
