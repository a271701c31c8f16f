#include "sim/simpler.hpp"

#include "sim/fault_fields.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <type_traits>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

/// One thing more to understand weighs as much as this many letters more to read.
constexpr std::uint64_t cost_of_a_thing = 200;

constexpr std::uint64_t other_seeds = 8;

bool is_of_user(const timed_fault& strike) {
  return strike.host != host_id{0};
}

/// Also those with an MQTT client.
std::set<user_id> people_in(const scenario& what) {
  std::set<user_id> found;
  for (const auto& each : what.operations)
    found.insert(each.user);
  for (const auto& each : what.strikes)
    if (is_of_user(each))
      found.insert(user_of(each.host));
  return found;
}

std::set<user_id> users_in(const scenario& what) {
  auto found = people_in(what);
  found.erase(found.lower_bound(mqtt_user_base), found.end());
  return found;
}

std::set<std::uint32_t> topics_in(const scenario& what) {
  std::set<std::uint32_t> found;
  for (const auto& each : what.operations)
    if (has_number(each))
      found.insert(each.topic);
  return found;
}

template <class Value>
std::set<Value> some_of(const std::set<Value>& all, std::size_t first, std::size_t count) {
  std::set<Value> some;
  std::size_t number = 0;
  for (const auto& each : all)
    if (const auto at = number++; at >= first && at < first + count)
      some.insert(each);
  return some;
}

template <class Value>
void erase_some(std::vector<Value>& all, std::size_t first, std::size_t count) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(first, all.size()));
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(first + count, all.size()));
  all.erase(begin, end);
}

std::size_t count_chances(const scenario& what) {
  std::size_t count = 0;
  for_each_fault(what.plan, [&](fault_kind, const auto& field) { count += is_on(field) ? 1 : 0; });
  return count;
}

void erase_chances(scenario& from, std::size_t first, std::size_t count) {
  std::size_t number = 0;
  for_each_fault(from.plan, [&](fault_kind, auto& field) {
    if (!is_on(field))
      return;
    if (const auto at = number++; at >= first && at < first + count)
      field = std::remove_reference_t<decltype(field)>{};
  });
}

void rename_users(scenario& in, const std::map<user_id, user_id>& names) {
  const auto renamed = [&](user_id user) {
    const auto at = names.find(user);
    return at == names.end() ? user : at->second; // who stays as they are
  };
  for (auto& each : in.operations)
    each.user = renamed(each.user);
  for (auto& each : in.strikes)
    if (is_of_user(each))
      each.host = host_of(renamed(user_of(each.host)));
}

/// Who connects a second time without need has done so because two users became one.
void erase_second_connects(scenario& from) {
  std::set<user_id> connected;
  std::erase_if(from.operations, [&](const operation& each) {
    if (each.what == kind::disconnect)
      connected.erase(each.user);
    return each.what == kind::connect && !connected.insert(each.user).second;
  });
}

/// The same with other seeds, too.
template <class Make>
void add_with_other_seeds(ideas& to, Make make) {
  to.push_back(make);
  for (std::uint64_t seed = 0; seed != other_seeds; ++seed)
    to.push_back([make, seed] {
      auto one = make();
      one.seed = seed;
      return one;
    });
}

void add_renumbered_users(ideas& to, const scenario& what) {
  constexpr std::size_t permuted_max = 3; // of four there are 24 orders
  const auto used = users_in(what);
  std::vector<user_id> numbers(used.size());
  for (std::size_t i = 0; i != numbers.size(); ++i)
    numbers[i] = static_cast<user_id>(i);
  do {
    std::map<user_id, user_id> names;
    for (auto number = numbers.begin(); const auto user : used)
      names[user] = *number++;
    add_with_other_seeds(to, [&what, names] {
      auto made = what;
      rename_users(made, names);
      return tidied(std::move(made));
    });
  } while (numbers.size() <= permuted_max && std::next_permutation(numbers.begin(), numbers.end()));
}

void add_merged_users(ideas& to, const scenario& what) {
  const auto used = users_in(what);
  for (const auto leaving : used)
    for (const auto staying : used) {
      if (leaving == staying)
        continue;
      add_idea(to, what, [leaving, staying](scenario& made) {
        rename_users(made, {{leaving, staying}});
        erase_second_connects(made);
      });
    }
}

/// Intruders are numbered behind the users: with fewer of those they are other intruders.
void add_fewer_bystanders(ideas& to, const scenario& what) {
  if (what.intruders == 0)
    return;
  add_with_other_seeds(to, [&what] {
    auto made = what;
    const auto used = users_in(what);
    made.users = used.empty() ? 1 : *used.rbegin() + 1;
    made.intruders = 1;
    return tidied(std::move(made));
  });
}

void add_fewer_topics(ideas& to, const scenario& what) {
  const auto used = topics_in(what);
  const auto add_renamed = [&](auto rename) {
    add_idea(to, what, [rename](scenario& made) {
      for (auto& each : made.operations)
        if (has_number(each))
          each.topic = rename(each.topic);
    });
  };
  add_renamed([](std::uint32_t) { return 0U; });
  add_renamed([used](std::uint32_t topic) {
    return static_cast<std::uint32_t>(std::distance(used.begin(), used.find(topic)));
  });
  for (const auto leaving : used)
    for (const auto staying : used)
      if (staying < leaving)
        add_renamed(
            [leaving, staying](std::uint32_t topic) { return topic == leaving ? staying : topic; });
}

/// Of those with the native client: what they do by a filter they do with a topic.
void add_without_names(ideas& to, const scenario& what) {
  for (std::size_t i = 0; i != what.operations.size(); ++i)
    if (what.operations[i].user < mqtt_user_base && !what.operations[i].name.empty())
      add_idea(to, what, [i](scenario& one) { one.operations[i].name.clear(); });
}

/// Its operations and strikes, as one list.
std::size_t count_events(const scenario& what) {
  return what.operations.size() + what.strikes.size();
}

scenario without_event(const scenario& what, std::size_t which) {
  return which < what.operations.size()
             ? without(what, part::operation, which, 1)
             : without(what, part::strike, which - what.operations.size(), 1);
}

} // namespace

std::uint64_t cost_of(const scenario& what) {
  auto things = what.operations.size() + what.strikes.size() + count_chances(what) + what.users +
                what.intruders + what.mqtt.size() + topics_in(what).size();
  std::uint64_t more = 0;
  for (const auto& each : what.operations)
    more += std::min<std::uint64_t>(each.count, 100) + std::bit_width(each.size);
  if (what.udp)
    ++things;
  if (what.change_points)
    things += 1 + *what.change_points;
  return things * cost_of_a_thing + 8 * more + to_text(what).size() +
         static_cast<std::uint64_t>(what.end_at / 10s);
}

scenario tidied(scenario what) {
  const auto before = what.end_at;
  what.plan.heal_at = what.heal_at;
  std::erase_if(what.operations, [&](const operation& each) { return !has_user(what, each.user); });
  std::erase_if(what.strikes, [&](const timed_fault& each) { return !has_host(what, each.host); });
  for (auto& each : what.operations) {
    if (!has_number(each))
      each.topic = 0;
    if (!is_publish(each.what)) {
      each.count = 1;
      each.size = 0;
    }
  }
  const auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
  std::stable_sort(what.operations.begin(), what.operations.end(), by_time);
  std::stable_sort(what.strikes.begin(), what.strikes.end(), by_time);
  const auto topics = topics_in(what);
  what.topics = topics.empty() ? 1 : *topics.rbegin() + 1;
  const auto users = users_in(what);
  if (what.intruders == 0) // they are numbered behind the users
    what.users = users.empty() ? 1 : *users.rbegin() + 1;
  const auto people = people_in(what);
  const auto last = people.empty() ? 0 : *people.rbegin();
  what.mqtt.resize(last < mqtt_user_base ? 0 : last - mqtt_user_base + 1);
  what.end_at = std::min(before, what.end_needed());
  return what;
}

std::size_t count_of(const scenario& what, part which) {
  switch (which) {
  case part::user: return people_in(what).size();
  case part::topic: return topics_in(what).size();
  case part::strike: return what.strikes.size();
  case part::chance: return count_chances(what);
  case part::operation: return what.operations.size();
  }
  return 0;
}

scenario without(const scenario& what, part which, std::size_t first, std::size_t count) {
  auto made = what;
  switch (which) {
  case part::user: {
    const auto gone = some_of(people_in(what), first, count);
    std::erase_if(made.operations, [&](const auto& each) { return gone.contains(each.user); });
    std::erase_if(made.strikes, [&](const auto& each) {
      return is_of_user(each) && gone.contains(user_of(each.host));
    });
    break;
  }
  case part::topic: {
    const auto gone = some_of(topics_in(what), first, count);
    std::erase_if(made.operations,
                  [&](const auto& each) { return has_number(each) && gone.contains(each.topic); });
    break;
  }
  case part::strike: erase_some(made.strikes, first, count); break;
  case part::chance: erase_chances(made, first, count); break;
  case part::operation: erase_some(made.operations, first, count); break;
  }
  return tidied(std::move(made));
}

ideas with_simpler_world(const scenario& what) {
  ideas made;
  const scenario usual;
  const auto add = [&](auto change) { add_idea(made, what, change); };
  const auto set_usual_filters = [=](scenario& one) {
    one.filter_work = usual.filter_work;
    one.filter_rest = usual.filter_rest;
    one.filters_under_way = usual.filters_under_way;
  };
  add([=](scenario& one) { one.change_points.reset(); });
  add([=](scenario& one) {
    if (one.change_points)
      one.change_points = 0;
  });
  add([=](scenario& one) {
    one.intruders = 0;
    one.udp = false;
    one.unacknowledged_max = usual.unacknowledged_max;
    one.topics_max = usual.topics_max;
    one.session_buffer_max = usual.session_buffer_max;
    one.publish_topics_max = usual.publish_topics_max;
    one.mqtt_receive_maximum = usual.mqtt_receive_maximum;
    set_usual_filters(one);
  });
  add(set_usual_filters);
  add([=](scenario& one) { one.mqtt_receive_maximum = usual.mqtt_receive_maximum; });
  add([=](scenario& one) { one.intruders = 0; });
  add([=](scenario& one) { one.udp = false; });
  add([=](scenario& one) { one.unacknowledged_max = usual.unacknowledged_max; });
  add([=](scenario& one) { one.topics_max = usual.topics_max; });
  add([=](scenario& one) { one.session_buffer_max = usual.session_buffer_max; });
  add([=](scenario& one) { one.publish_topics_max = usual.publish_topics_max; });
  add([=](scenario& one) { one.resume_window = usual.resume_window; });
  add([=](scenario& one) {
    one.keepalive = usual.keepalive;
    one.end_at = std::max(one.end_at, one.end_needed()); // a longer one is noticed later
  });
  return made;
}

ideas with_fewer_names(const scenario& what) {
  ideas made;
  add_merged_users(made, what);
  add_renumbered_users(made, what);
  add_fewer_bystanders(made, what);
  add_fewer_topics(made, what);
  add_without_names(made, what);
  add_with_other_seeds(made, [&what] { return tidied(what); });
  return made;
}

ideas with_other_luck(const scenario& what) {
  ideas made;
  for (std::size_t i = 0; i != count_events(what); ++i)
    add_with_other_seeds(made, [&what, i] { return without_event(what, i); });
  for (std::size_t i = 0; i != count_chances(what); ++i)
    add_with_other_seeds(made, [&what, i] { return without(what, part::chance, i, 1); });
  return made;
}

ideas without_pairs(const scenario& what) {
  constexpr std::size_t events_max = 40; // 780 pairs
  ideas made;
  if (count_events(what) > events_max)
    return made;
  for (std::size_t later = 1; later < count_events(what); ++later) {
    const auto left = count_events(without_event(what, later));
    for (std::size_t i = 0; i < std::min(later, left); ++i)
      made.push_back([&what, later, i] { return without_event(without_event(what, later), i); });
  }
  return made;
}

} // namespace kodama::sim
