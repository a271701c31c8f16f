#pragma once

#include "actors/messages.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kodama::actors {

/// The names that can match a filter begin with this; "a/#" matches "a" as well.
[[nodiscard]] std::string_view literal_prefix(std::string_view filter) noexcept;

/// The retained messages of topics that are closed. What has expired is as good as gone; its memory
/// is, once drop_expired() is called.
class retained_messages {
public:
  /// In the place of the topic's former one.
  void keep(const std::string& topic, retained_message what);
  /// For a topic that opens.
  [[nodiscard]] std::optional<retained_message> take(std::string_view topic);

  /// Calls `visit(message)` for those that match, by name.
  template <class Visitor>
  void each(std::string_view filter, instant now, Visitor&& visit) const {
    const auto prefix = literal_prefix(filter);
    const bool is_name = prefix.size() == filter.size();
    for (auto at = by_topic_.lower_bound(prefix); at != by_topic_.end() && is_of(prefix, at->first);
         ++at) {
      if (at->second.expires_at() > now && is_match(filter, at->first))
        visit(at->second);
      if (is_name)
        break; // the name itself is the first of those that begin with it
    }
  }

  void drop_expired(instant now);
  /// `never` where none expires.
  [[nodiscard]] instant next_expiry() const noexcept {
    return expiring_.empty() ? never : expiring_.begin()->first;
  }
  void clear() noexcept;

private:
  using table = std::map<std::string, retained_message, std::less<>>;

  [[nodiscard]] static bool is_of(std::string_view prefix, std::string_view topic) noexcept {
    return topic.starts_with(prefix);
  }
  [[nodiscard]] static bool is_match(std::string_view filter, std::string_view topic);
  void erase(table::iterator at);

  table by_topic_;
  std::set<std::pair<instant, std::string>> expiring_;
};

} // namespace kodama::actors
