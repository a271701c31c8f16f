#pragma once

#include "protocol/time.hpp"
#include "sim/checker.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace kodama::sim::checkers {

/// Who believes in a way by UDP, and when nothing passed there in one direction: for `liveness`,
/// which asks that a dead path is noticed at both ends in time (docs/protocol.md, "The UDP path").
/// A proof takes both directions, so one that is blocked is enough for a way to be dead.
class udp_belief {
public:
  /// What is told of the one says nothing about the other.
  enum class end { client, server };

  struct interval {
    instant since;
    instant until;
    [[nodiscard]] duration length() const noexcept { return until - since; }
  };

  /// Until then nothing passes between the user and the server in these directions.
  void handle_blocked(user_id who, udp_directions which, instant now, instant until);
  void handle_healed(instant now);

  /// Believes in the way from now on, if not before.
  void begin(user_id who, end where, instant now);
  /// No longer. The longest time for which it was believed in and blocked, if there was any.
  [[nodiscard]] std::optional<interval> conclude(user_id who, end where, instant now);
  [[nodiscard]] bool believes(user_id who, end where) const;

private:
  using intervals = std::vector<interval>; ///< disjoint, ascending

  static void add(intervals& to, instant now, instant until);

  /// To the user and from it, each by itself: where one opens as the other is blocked, a proof may
  /// have come through in between.
  std::map<user_id, std::pair<intervals, intervals>> blocked_;
  std::map<std::pair<user_id, end>, instant> since_;
};

} // namespace kodama::sim::checkers
