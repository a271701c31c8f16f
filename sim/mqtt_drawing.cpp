#include "sim/mqtt_drawing.hpp"

#include "sim/random.hpp"

#include <algorithm>
#include <array>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

template <std::size_t Count>
std::uint32_t one_of(decision_stream& chance, const std::array<std::uint32_t, Count>& values) {
  return values[chance.below(Count)];
}

mqtt_person draw_person(const scenario& made, std::size_t index) {
  decision_stream chance{made.seed, "scenario.mqtt_person", index};
  mqtt_person who;
  who.version = chance.below(4) == 0 ? 3 : 5;
  who.session_expiry = one_of<6>(chance, {0, 3, 10, 60, 60, 300});
  who.receive_maximum = one_of<4>(chance, {1, 3, 65'535, 65'535});
  who.aliases = one_of<3>(chance, {0, 0, 2});
  mqtt_last_will last;
  last.topic = static_cast<std::uint32_t>(chance.below(made.topics));
  last.qos = one_of<4>(chance, {0, 1, 1, 2});
  last.delay = one_of<5>(chance, {0, 0, 1, 3, 10});
  last.retain = chance.below(4) == 0;
  if (chance.below(2) == 0)
    who.will = last;
  if (who.version == 3) {
    who.receive_maximum = 65'535;
    who.aliases = 0;
    if (who.will)
      who.will->delay = 0;
  }
  return who;
}

void draw_subscription(operation& next, decision_stream& chance) {
  next.what = kind::subscribe;
  next.qos = one_of<4>(chance, {0, 1, 2, 2});
  switch (chance.below(10)) {
  case 0: next.name = "#"; break;
  case 1: next.name = "topic/#"; break;
  case 2: next.name = "topic/+"; break;
  case 3: next.name = "+/" + std::to_string(next.topic); break;
  case 4: next.name = "$quiet/+"; break;
  case 5: next.name = "+"; break; // one level: no topic matches it
  default: break;
  }
  next.no_local = chance.below(6) == 0;
  next.as_published = chance.below(6) == 0;
  next.handling = one_of<4>(chance, {0, 0, 1, 2});
  if (!next.name.empty())
    next.topic = 0;
}

void draw_publish(operation& next, decision_stream& chance) {
  next.what = kind::publish;
  next.qos = one_of<4>(chance, {0, 1, 1, 2});
  next.count = static_cast<std::uint32_t>(1 + chance.below(6));
  next.size =
      static_cast<std::uint32_t>(chance.below(8) == 0 ? chance.below(3000) : chance.below(100));
  if (chance.below(10) == 0)
    next.expiry = static_cast<std::uint32_t>(1 + chance.below(10));
  const auto special = chance.below(12);
  if (special == 0) {
    next.name = "$quiet/" + std::to_string(next.topic);
    next.topic = 0;
  } else if (special < 4) {
    // What a server keeps of QoS 0 is its own affair (3.3.1.3): nothing could be held against it.
    next.retain = true;
    next.qos = std::max(next.qos, 1U);
    next.empty = special == 3;
  }
  if (next.empty) {
    next.count = 1;
    next.size = 0;
  }
}

void draw_script(scenario& made, std::size_t index, duration to) {
  const auto user = static_cast<user_id>(mqtt_user_base + index);
  decision_stream chance{made.seed, "scenario.mqtt_script", index};
  const auto begin = [&](duration at) {
    operation next;
    next.at = at;
    next.user = user;
    next.topic = static_cast<std::uint32_t>(chance.below(made.topics));
    return next;
  };
  auto arrival = begin(chance.duration_between(0s, 1s));
  arrival.what = kind::connect;
  arrival.topic = 0;
  made.operations.push_back(arrival);
  for (auto wanted = 1 + chance.below(3); wanted != 0; --wanted) {
    auto next = begin(1s + chance.duration_between(0s, 2s));
    draw_subscription(next, chance);
    made.operations.push_back(next);
  }
  for (auto count = 6 + chance.below(24); count != 0; --count) {
    auto next = begin(chance.duration_between(1s, to));
    const auto dice = chance.below(100);
    if (dice < 60) {
      draw_publish(next, chance);
    } else if (dice < 78) {
      draw_subscription(next, chance);
    } else if (dice < 88) {
      draw_subscription(next, chance);
      next = {next.at, user, kind::unsubscribe, next.topic, 1, 0, 0, next.name};
    } else {
      next.what = kind::disconnect;
      next.topic = 0;
      next.with_will = made.mqtt[index].version == 5 && chance.below(3) == 0;
      auto back = next;
      back.at += chance.duration_between(0s, 5s);
      back.what = kind::connect;
      back.with_will = false;
      back.clean = chance.below(3) == 0;
      made.operations.push_back(back);
    }
    made.operations.push_back(next);
  }
}

/// Where the directory rests: a topic that is closed and has something retained is opened while a
/// filter is on its way. In a stream of its own, so that the scripts stay what they were.
void draw_crossings(scenario& made, std::size_t index, duration to) {
  decision_stream chance{made.seed, "scenario.mqtt_crossings", index};
  if (made.filter_rest == 0s || chance.below(2) == 0)
    return;
  operation next;
  next.user = static_cast<user_id>(mqtt_user_base + index);
  for (auto count = 1 + chance.below(3); count != 0; --count) {
    const auto add = [&](duration pause) {
      next.at += pause;
      made.operations.push_back(next);
    };
    next.at = chance.duration_between(1s, to);
    next.name = "topic/of_" + std::to_string(index); // nobody else keeps it open
    const auto crossed = next.name;
    next.what = kind::publish;
    next.qos = 1;
    next.retain = true;
    add(0s);
    next.retain = false;
    for (const auto& elsewhere : {"$quiet/away", "$quiet/farther"}) { // lets go of the topic
      next.name = elsewhere;
      add(50ms);
    }
    next.name = crossed;
    if (chance.below(2) == 0) { // to hear of it in the same breath
      next.retain = true;
      add(300ms);
      next.retain = false;
      next.what = kind::subscribe;
      add(0s);
      continue;
    }
    next.what = kind::subscribe;
    next.name = chance.below(2) == 0 ? "#" : "topic/+";
    add(300ms);
    next.what = kind::publish;
    next.name = crossed;
    add(chance.duration_between(0s, 4 * made.filter_rest));
  }
}

std::string draw_group(const scenario& made, decision_stream& chance) {
  switch (chance.below(5)) {
  case 0: return "$share/all/#";
  case 1: return "$share/rest/topic/+";
  case 2: return "$share/rest/$quiet/+";
  default: return "$share/one/topic/" + std::to_string(chance.below(made.topics));
  }
}

/// Somebody leaves their group, or their whole session, while work comes; somebody else stays.
void draw_departure(scenario& made, std::size_t index, decision_stream& chance, duration to) {
  const auto colleague = (index + 1) % made.mqtt.size();
  const auto topic = static_cast<std::uint32_t>(chance.below(made.topics));
  const auto begin = chance.duration_between(1s, to - 3s);
  const auto add = [&](std::size_t who, kind what, duration at) -> operation& {
    auto& next = made.operations.emplace_back();
    next.at = at;
    next.user = static_cast<user_id>(mqtt_user_base + who);
    next.what = what;
    return next;
  };
  const auto group = "$share/one/topic/" + std::to_string(topic);
  const auto qos = one_of<3>(chance, {1, 1, 2});
  for (const auto who : {index, colleague}) {
    auto& joins = add(who, kind::subscribe, begin);
    joins.name = group;
    joins.qos = qos;
  }
  const auto work = begin + 500ms;
  for (auto pieces = 2 + chance.below(6); pieces != 0; --pieces) {
    auto& next = add(colleague, kind::publish, work + chance.duration_between(0s, 80ms));
    next.topic = topic;
    next.qos = qos;
    next.count = static_cast<std::uint32_t>(1 + chance.below(6));
  }
  const auto leaves = work + chance.duration_between(0s, 150ms);
  if (chance.below(2) == 0) {
    add(index, kind::unsubscribe, leaves).name = group;
    return;
  }
  add(index, kind::disconnect, leaves);
  add(index, kind::connect, leaves + 500ms).clean = chance.below(4) != 0;
}

/// Groups of shared subscriptions, which people join and leave, and work for them. In a stream of
/// its own, as above; where there are groups, subscriptions have identifiers.
void draw_groups(scenario& made, std::size_t index, duration to) {
  decision_stream chance{made.seed, "scenario.mqtt_groups", index};
  const auto user = static_cast<user_id>(mqtt_user_base + index);
  const auto add = [&](kind what, duration at) -> operation& {
    auto& next = made.operations.emplace_back();
    next.at = at;
    next.user = user;
    next.what = what;
    return next;
  };
  const auto join = [&](duration at) {
    auto& next = add(kind::subscribe, at);
    next.name = draw_group(made, chance);
    next.qos = one_of<8>(chance, {0, 1, 1, 1, 1, 2, 2, 2});
    next.as_published = chance.below(6) == 0;
  };
  join(chance.duration_between(1s, 3s));
  for (auto count = chance.below(5); count != 0; --count) {
    const auto at = chance.duration_between(1s, to);
    if (chance.below(2) == 0) {
      join(at);
    } else {
      auto& next = add(kind::unsubscribe, at);
      next.name = draw_group(made, chance);
    }
  }
  for (auto count = chance.below(4); count != 0; --count) {
    auto& next = add(kind::publish, chance.duration_between(1s, to));
    next.topic = static_cast<std::uint32_t>(chance.below(made.topics));
    next.qos = one_of<3>(chance, {1, 1, 2});
    next.count = static_cast<std::uint32_t>(1 + chance.below(10));
  }
  for (auto count = chance.below(3); count != 0; --count)
    draw_departure(made, index, chance, to);
  std::uint32_t last = 0;
  if (made.mqtt[index].version == 5 && chance.below(4) != 0)
    for (auto& each : made.operations)
      if (each.user == user && each.what == kind::subscribe)
        each.identifier = ++last;
}

} // namespace

void draw_mqtt(scenario& made) {
  decision_stream chance{made.seed, "scenario.mqtt", 0};
  if (chance.below(2) != 0)
    return;
  const auto people = 1 + chance.below(4);
  made.mqtt_receive_maximum = one_of<3>(chance, {1'024, 1'024, 3});
  for (std::size_t i = 0; i != people; ++i)
    made.mqtt.push_back(draw_person(made, i));
  for (std::size_t i = 0; i != people; ++i)
    draw_script(made, i, made.heal_at + 5s);
  for (std::size_t i = 0; i != people; ++i)
    draw_crossings(made, i, made.heal_at + 4s);
  if (people == 1 || decision_stream{made.seed, "scenario.mqtt_groups", people}.below(3) == 0)
    return;
  for (std::size_t i = 0; i != people; ++i)
    draw_groups(made, i, made.heal_at + 4s);
}

} // namespace kodama::sim
