#pragma once

#include "protocol/ids.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::actors {

/// The shared subscriptions that match one topic (MQTT 5.0, 4.8.2): who is in which group, and
/// whose turn it is.
///
/// Each message goes to one member of each group, in turn, and to one who is connected while there
/// is any. A group is named by its whole filter, "$share/{ShareName}/{filter}"; the same ShareName
/// with another filter is another group.
class share_groups {
public:
  struct member {
    client_id client = 0;
    caf::actor session;
    bool away = false; ///< its connection is gone, its session is not
  };
  struct group {
    std::string filter;
    std::vector<member> members; ///< sorted by ClientID
    std::size_t next = 0;        ///< whose turn it is
  };

  void join(std::string_view filter, member who);
  void part(std::string_view filter, client_id client);
  void set_away(std::string_view filter, client_id client, bool away);
  void clear() { groups_.clear(); }

  [[nodiscard]] bool empty() const noexcept { return groups_.empty(); }
  /// Sorted by filter. Their turns change by take_turn().
  [[nodiscard]] std::vector<group>& all() noexcept { return groups_; }
  [[nodiscard]] group* find(std::string_view filter);

  /// Who gets the next message; null where everybody is in `except`.
  [[nodiscard]] static const member* take_turn(group& of, const std::vector<client_id>& except);

private:
  std::vector<group> groups_;
};

} // namespace kodama::actors
