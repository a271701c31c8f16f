#include "actors/share_groups.hpp"

#include <algorithm>
#include <utility>

namespace kodama::actors {
namespace {

auto place_of(std::vector<share_groups::group>& groups, std::string_view filter) {
  return std::lower_bound(
      groups.begin(), groups.end(), filter,
      [](const auto& each, std::string_view name) { return each.filter < name; });
}

auto place_of(std::vector<share_groups::member>& members, client_id client) {
  return std::lower_bound(members.begin(), members.end(), client,
                          [](const auto& each, client_id id) { return each.client < id; });
}

} // namespace

share_groups::group* share_groups::find(std::string_view filter) {
  const auto at = place_of(groups_, filter);
  return at != groups_.end() && at->filter == filter ? &*at : nullptr;
}

void share_groups::join(std::string_view filter, member who) {
  auto at = place_of(groups_, filter);
  if (at == groups_.end() || at->filter != filter)
    at = groups_.insert(at, group{std::string{filter}, {}, 0});
  const auto place = place_of(at->members, who.client);
  if (place == at->members.end() || place->client != who.client)
    at->members.insert(place, std::move(who));
}

void share_groups::part(std::string_view filter, client_id client) {
  auto* found = find(filter);
  if (!found)
    return;
  const auto place = place_of(found->members, client);
  if (place == found->members.end() || place->client != client)
    return;
  found->members.erase(place);
  if (found->members.empty())
    groups_.erase(groups_.begin() + (found - groups_.data()));
}

void share_groups::set_away(std::string_view filter, client_id client, bool away) {
  if (auto* found = find(filter))
    if (const auto place = place_of(found->members, client);
        place != found->members.end() && place->client == client)
      place->away = away;
}

const share_groups::member* share_groups::take_turn(group& of,
                                                    const std::vector<client_id>& except) {
  const auto count = of.members.size();
  const member* absent = nullptr;
  for (std::size_t i = 0; i != count; ++i) {
    const auto& each = of.members[(of.next + i) % count];
    if (std::find(except.begin(), except.end(), each.client) != except.end())
      continue;
    if (!each.away) {
      of.next = (of.next + i + 1) % count;
      return &each;
    }
    if (!absent)
      absent = &each;
  }
  if (absent)
    of.next = (static_cast<std::size_t>(absent - of.members.data()) + 1) % count;
  return absent;
}

} // namespace kodama::actors
