#include "sim/checkers/mqtt_shares.hpp"

#include <algorithm>

namespace kodama::sim::checkers {
namespace {

/// How long what came on a connection may wait where no request holds it up.
constexpr auto holding_max = std::chrono::seconds{1};

/// When the first SUBSCRIBE or UNSUBSCRIBE came that still waits for its answer on this connection:
/// what follows it is dealt with after it, however long the directory works at that.
instant held_since(const mqtt_books::session& in) {
  instant first = never;
  for (const auto& each : in.windows) {
    if (each.ended != never)
      continue;
    if (each.request != 0 && each.granted == never)
      first = std::min(first, each.asked);
    if (each.leaving_request != 0)
      first = std::min(first, each.leaving);
  }
  return first;
}

} // namespace

template <class Visitor>
void mqtt_shares::each_of(std::uint64_t session, Visitor&& visit) {
  for (auto& [group, messages] : given_)
    for (auto& [tag, shares] : messages)
      for (auto& each : shares)
        if (each.session == session)
          visit(each);
}

void mqtt_shares::give(const std::string& group, message_tag tag, std::uint64_t ordinal,
                       const share& what) {
  auto& all = given_[group][tag];
  all.push_back(what);
  if (what.id != 0)
    under_way_[{what.session, what.id}].emplace_back(&all, all.size() - 1);
  if (!what.certain)
    return; // it may have come by another subscription, past what the group still has for them
  auto& latest = latest_[{group, what.user}];
  latest = std::max(latest, ordinal);
}

void mqtt_shares::note_taken(std::uint64_t session, mqtt::packet_id id, instant now) {
  const auto found = under_way_.find({session, id});
  if (found == under_way_.end())
    return;
  for (const auto& [all, index] : found->second)
    (*all)[index].taken = now;
  under_way_.erase(found); // identifiers are given again
}

const mqtt_shares::debt* mqtt_shares::find_debt(const std::string& group, message_tag tag) const {
  const debt* found = nullptr;
  for (const auto& each : owed_)
    if (each.tag == tag && each.group == group) {
      if (found != nullptr)
        return nullptr;
      found = &each;
    }
  return found;
}

void mqtt_shares::note_detached(const mqtt_books::session& in, instant now) {
  const auto session = in.serial;
  const auto held = held_since(in);
  for (auto at = owed_.rbegin(); at != owed_.rend() && at->when + mqtt_books::settling > now; ++at)
    std::erase(at->present, session);
  each_of(session, [&](share& each) {
    if (each.taken != never && (each.taken + holding_max > now || each.taken >= held))
      each.in_doubt = true;
  });
}

void mqtt_shares::note_ended(const mqtt_books::session& in, instant now) {
  for (const auto& each : in.windows)
    if (!mqtt_books::shared_filter(each.filter).empty())
      last_end_[each.filter] = now;
  each_of(in.serial, [&](share& each) {
    if (each.ended == never)
      each.ended = now;
  });
}

} // namespace kodama::sim::checkers
