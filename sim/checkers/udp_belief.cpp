#include "sim/checkers/udp_belief.hpp"

#include <algorithm>

namespace kodama::sim::checkers {

void udp_belief::handle_blocked(user_id who, udp_directions which, instant now, instant until) {
  auto& [to_user, from_user] = blocked_[who];
  if (which != udp_directions::from_user)
    add(to_user, now, until);
  if (which != udp_directions::to_user)
    add(from_user, now, until);
}

void udp_belief::add(intervals& to, instant now, instant until) {
  if (!to.empty() && now <= to.back().until)
    to.back().until = std::max(to.back().until, until);
  else
    to.push_back({now, until});
}

void udp_belief::handle_healed(instant now) {
  for (auto& [who, known] : blocked_)
    for (auto* direction : {&known.first, &known.second})
      for (auto& each : *direction)
        each.until = std::min(each.until, now);
}

void udp_belief::begin(user_id who, end where, instant now) {
  since_.try_emplace({who, where}, now);
}

std::optional<udp_belief::interval> udp_belief::conclude(user_id who, end where, instant now) {
  const auto believed = since_.find({who, where});
  if (believed == since_.end())
    return std::nullopt;
  const auto since = believed->second;
  since_.erase(believed);
  std::optional<interval> longest;
  const auto& known = blocked_[who];
  for (const auto* direction : {&known.first, &known.second})
    for (const auto& each : *direction) {
      const interval both{std::max(each.since, since), std::min(each.until, now)};
      if (both.until > both.since && (!longest || both.length() > longest->length()))
        longest = both;
    }
  return longest;
}

bool udp_belief::believes(user_id who, end where) const {
  return since_.contains({who, where});
}

} // namespace kodama::sim::checkers
