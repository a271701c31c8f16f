#include "sim/checkers/udp_belief.hpp"

#include <algorithm>

namespace kodama::sim::checkers {

void udp_belief::handle_blocked(user_id who, instant now, instant until) {
  auto& known = blocked_[who];
  if (!known.empty() && now <= known.back().until)
    known.back().until = std::max(known.back().until, until);
  else
    known.push_back({now, until});
}

void udp_belief::handle_healed(instant now) {
  for (auto& [who, known] : blocked_)
    for (auto& each : known)
      each.until = std::min(each.until, now);
}

void udp_belief::begin(user_id who, end where, instant now) {
  since_.insert_or_assign({who, where}, now);
}

std::optional<udp_belief::overdue> udp_belief::conclude(user_id who, end where, instant now) {
  const auto believed = since_.find({who, where});
  if (believed == since_.end())
    return std::nullopt;
  const auto since = believed->second;
  since_.erase(believed);
  for (const auto& each : blocked_[who]) {
    const overdue both{std::max(each.since, since), std::min(each.until, now)};
    if (both.until - both.since > patience_)
      return both;
  }
  return std::nullopt;
}

bool udp_belief::believes(user_id who, end where) const {
  return since_.contains({who, where});
}

} // namespace kodama::sim::checkers
