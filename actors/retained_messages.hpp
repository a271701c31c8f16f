#pragma once

#include "actors/messages.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kodama::actors {

/// The retained messages of topics that are closed. What has expired is as good as gone; its memory
/// is, once drop_expired() is called.
class retained_messages {
public:
  /// In the place of the topic's former one.
  void keep(const std::string& topic, retained_message what);
  /// For a topic that opens.
  [[nodiscard]] std::optional<retained_message> take(std::string_view topic);

  using table = std::map<std::string, retained_message, std::less<>>;
  [[nodiscard]] const table& by_topic() const noexcept { return by_topic_; }

  void drop_expired(instant now);
  /// `never` where none expires.
  [[nodiscard]] instant next_expiry() const noexcept {
    return expiring_.empty() ? never : expiring_.begin()->first;
  }
  void clear() noexcept;

private:
  void erase(table::iterator at);

  table by_topic_;
  std::set<std::pair<instant, std::string>> expiring_;
};

} // namespace kodama::actors
