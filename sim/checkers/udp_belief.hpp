#pragma once

#include "protocol/time.hpp"
#include "sim/checker.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace kodama::sim::checkers {

/// Who believes in a way by UDP, and when nothing passed there: for `liveness`, which asks that a
/// dead path is noticed at both ends in time (docs/protocol.md, "The UDP path").
class udp_belief {
public:
  /// `patience`: how long one may believe in a way on which nothing passes.
  explicit udp_belief(duration patience)
      : patience_{patience} {}

  /// What is told of the one says nothing about the other.
  enum class end { client, server };

  /// A way that was blocked and believed in for too long.
  struct overdue {
    instant since;
    instant until;
  };

  /// Until then nothing passes between the user and the server, in one direction at least.
  void handle_blocked(user_id who, instant now, instant until);
  void handle_healed(instant now);

  /// Believes in the way from now on. Who has not run for a while begins anew.
  void begin(user_id who, end where, instant now);
  /// No longer. Empty where it was not for too long.
  [[nodiscard]] std::optional<overdue> conclude(user_id who, end where, instant now);
  [[nodiscard]] bool believes(user_id who, end where) const;

  [[nodiscard]] duration patience() const noexcept { return patience_; }

private:
  duration patience_;
  std::map<user_id, std::vector<overdue>> blocked_; ///< disjoint, ascending
  std::map<std::pair<user_id, end>, instant> since_;
};

} // namespace kodama::sim::checkers
