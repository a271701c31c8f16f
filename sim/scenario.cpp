#include "sim/scenario.hpp"

#include "sim/fault_fields.hpp"
#include "sim/mqtt_drawing.hpp"
#include "sim/random.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;
using kind = operation::kind;

/// The host number of the server; users follow in their order.
constexpr std::uint32_t server_host_number = 0;

template <class Value, std::size_t Count>
Value one_of(decision_stream& chance, const std::array<Value, Count>& values) {
  return values[chance.below(Count)];
}

void draw_sizes(scenario& made, std::uint64_t seed) {
  decision_stream chance{seed, "scenario.sizes", 0};
  made.users = static_cast<std::uint32_t>(2 + chance.below(7));
  made.topics = static_cast<std::uint32_t>(1 + chance.below(4));
  made.unacknowledged_max =
      one_of<std::uint32_t>(chance, std::array<std::uint32_t, 4>{4, 64, 4096, 4096});
  made.topics_max =
      one_of<std::uint32_t>(chance, std::array<std::uint32_t, 4>{2, 1024, 1024, 1024});
  made.session_buffer_max = one_of<std::uint64_t>(
      chance, std::array<std::uint64_t, 4>{24 * 1024, 256 * 1024, 16 << 20, 16 << 20});
  made.publish_topics_max = one_of<std::uint32_t>(chance, std::array<std::uint32_t, 3>{1, 2, 64});
  made.resume_window = one_of<duration>(chance, std::array<duration, 4>{4s, 20s, 60s, 60s});
  made.keepalive = one_of<duration>(chance, std::array<duration, 4>{1s, 3s, 10s, 20s});
  made.udp = chance.below(8) != 0;
  made.intruders = chance.below(4) == 0 ? 1 : 0;
  made.heal_at = chance.duration_between(10s, 40s);
}

/// In half of all worlds the directory rests after almost every topic that it has told of a filter,
/// so that there is something between two steps.
void draw_filter_work(scenario& made, std::uint64_t seed) {
  decision_stream chance{seed, "scenario.filter_work", 0};
  if (chance.below(2) == 0)
    return;
  made.filter_work = one_of<std::uint32_t>(chance, std::array<std::uint32_t, 3>{1, 60, 100});
  made.filter_rest = one_of<duration>(chance, std::array<duration, 4>{0s, 1ms, 5ms, 20ms});
  made.filters_under_way =
      one_of<std::uint32_t>(chance, std::array<std::uint32_t, 3>{1, 2, made.filters_under_way});
}

constexpr std::string_view schedule_site = "scenario.schedule";

/// Half of all worlds each way: either finds what the other hardly ever does.
void draw_schedule(scenario& made, std::uint64_t seed) {
  if (decision_stream{seed, schedule_site, 0}.below(2) == 0)
    made.change_points = scenario::draw_change_points(seed);
}

/// What one user does, besides connecting, between `from` and `to`. Each user's script depends on
/// nobody else's, so that leaving one out changes nothing for the others.
void draw_script(scenario& made, user_id user, duration from, duration to) {
  decision_stream chance{made.seed, "scenario.script", user};
  const auto topic = [&] { return static_cast<std::uint32_t>(chance.below(made.topics)); };
  made.operations.push_back({from + chance.duration_between(0s, 1s), user, kind::connect});
  // Most users are interested in something from the start.
  for (auto wanted = chance.below(3); wanted != 0; --wanted)
    made.operations.push_back(
        {from + chance.duration_between(0s, 2s), user, kind::subscribe, topic()});
  const decision_stream partings{made.seed, "scenario.parting", user};
  const auto count = 4 + chance.below(24);
  for (std::uint64_t i = 0; i != count; ++i) {
    operation next;
    next.at = chance.duration_between(from + 100ms, to);
    next.user = user;
    next.topic = topic();
    const auto dice = chance.below(100);
    if (dice < 40)
      next.what = kind::publish;
    else if (dice < 60)
      next.what = kind::publish_unreliable;
    else if (dice < 72)
      next.what = kind::subscribe;
    else if (dice < 79)
      next.what = kind::unsubscribe;
    else if (dice < 85)
      next.what = kind::watch;
    else if (dice < 88)
      next.what = kind::unwatch;
    else if (dice < 93)
      next.what = kind::list;
    else if (dice < 95)
      next.what = kind::server_time;
    else if (dice < 98)
      next.what = kind::ping;
    else
      next.what = kind::disconnect;
    if (next.what == kind::publish || next.what == kind::publish_unreliable) {
      next.count = static_cast<std::uint32_t>(1 + chance.below(12));
      next.size =
          static_cast<std::uint32_t>(chance.below(8) == 0 ? chance.below(3000) : chance.below(100));
    }
    // Every other one goes in the middle of something.
    if (const auto parting = partings.at(i); next.what == kind::disconnect && (parting & 1) == 0)
      made.operations.push_back(
          {next.at, user, kind::subscribe, static_cast<std::uint32_t>(mix(parting) % made.topics)});
    made.operations.push_back(next);
    if (next.what == kind::disconnect) {
      // Comes back a little later, as a new session.
      const auto back = next.at + chance.duration_between(0s, 3s);
      made.operations.push_back({back, user, kind::connect});
    }
  }
}

/// In every third world: subscriptions to filters. In streams of their own, likewise.
void draw_filters(scenario& made, user_id user) {
  if (decision_stream{made.seed, "scenario.filters", 0}.below(3) != 0)
    return;
  decision_stream chance{made.seed, "scenario.filters_of", user};
  constexpr std::array<std::string_view, 4> filters{"topic/+", "topic/#", "#", "+/0"};
  const auto others = made.operations.size();
  const bool uses = chance.below(2) != 0;
  const auto count = uses ? 1 + chance.below(4) : 0;
  for (std::uint64_t i = 0; i != count; ++i) {
    operation next;
    next.at = chance.duration_between(0s, made.heal_at + 5s);
    next.user = user;
    next.what = kind::subscribe;
    next.name = one_of(chance, filters);
    const auto dice = chance.below(6);
    // Mostly in the middle of what somebody does.
    if (const auto moment = chance.below(2 * others); moment < others)
      next.at = made.operations[moment].at;
    if (dice < 3) { // and every third one anew at once
      auto parting = next;
      parting.what = kind::unsubscribe;
      made.operations.push_back(parting);
    }
    if (dice != 0)
      made.operations.push_back(next);
  }
}

/// When all has settled: does what has no guarantee still find a way? In a stream of its own, so
/// that the scripts stay what they were.
void draw_last_words(scenario& made, user_id user) {
  decision_stream chance{made.seed, "scenario.last_words", user};
  operation last;
  last.user = user;
  last.what = kind::publish_unreliable;
  last.at = made.end_at - chance.duration_between(3s, 5s);
  last.topic = static_cast<std::uint32_t>(chance.below(made.topics));
  last.count = static_cast<std::uint32_t>(1 + chance.below(3));
  last.size =
      static_cast<std::uint32_t>(chance.below(2) == 0 ? chance.below(3000) : chance.below(100));
  made.operations.push_back(last);
}

void draw_strikes(scenario& made, std::uint64_t seed) {
  std::vector<fault_target> targets;
  targets.push_back({host_id{server_host_number}, hash_of("server"), true});
  for (user_id user = 0; user != made.users; ++user)
    targets.push_back({host_of(user), hash_of(user_host(user)), false});
  for (user_id i = 0; i != made.mqtt.size(); ++i)
    targets.push_back({host_of(mqtt_user_base + i), hash_of(user_host(mqtt_user_base + i)), false});
  made.strikes = draw_timed_faults(made.plan, seed, targets);
  std::erase_if(made.strikes,
                [](const timed_fault& each) { return !may_strike(each.kind, each.host); });
}

/// Takes out of a plan what has been drawn from it. The strikes are what happens; a plan beside
/// them could only contradict them.
void forget_drawn(fault_plan& plan) {
  for_each_fault(plan, [](fault_kind, auto& field) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, spell>)
      field = {};
  });
}

} // namespace

scenario scenario::draw(std::uint64_t seed, fault_profile profile) {
  scenario made;
  made.seed = seed;
  draw_sizes(made, seed);
  draw_filter_work(made, seed);
  draw_schedule(made, seed);
  made.plan = fault_plan::of(profile, seed);
  made.plan.heal_at = made.heal_at;
  made.end_at = made.heal_at + 5s + made.liveness_bound() + 1s;
  // Some of it after heal(): what works again has to work for new messages too.
  for (user_id user = 0; user != made.users; ++user)
    draw_script(made, user, 0s, made.heal_at + 5s);
  for (user_id user = 0; user != made.users; ++user)
    draw_last_words(made, user);
  for (user_id user = 0; user != made.users; ++user)
    draw_filters(made, user);
  draw_mqtt(made);
  std::stable_sort(made.operations.begin(), made.operations.end(),
                   [](const operation& a, const operation& b) { return a.at < b.at; });
  draw_strikes(made, seed);
  forget_drawn(made.plan);
  return made;
}

std::uint32_t scenario::draw_change_points(std::uint64_t seed) {
  const decision_stream chance{seed, schedule_site, 0};
  return static_cast<std::uint32_t>(decision_stream::scale(chance.at(1), 5));
}

duration scenario::liveness_bound() const {
  return keepalive * 3 / 2 + 2 * connect_patience + 2 * retry_most + 10s;
}

duration scenario::end_needed() const {
  auto last = heal_at;
  for (const auto& each : operations)
    last = std::max(last, each.at);
  for (const auto& each : strikes)
    last = std::max(last, each.at + each.lasts);
  return last + liveness_bound() + 1s;
}

bool has_topic(operation::kind what) noexcept {
  switch (what) {
  case kind::subscribe:
  case kind::unsubscribe:
  case kind::watch:
  case kind::unwatch:
  case kind::list: return true;
  default: return is_publish(what);
  }
}

bool has_number(const operation& what) noexcept {
  return has_topic(what.what) && what.name.empty();
}

bool is_publish(operation::kind what) noexcept {
  return what == kind::publish || what == kind::publish_unreliable;
}

std::string_view to_string(operation::kind what) noexcept {
  switch (what) {
  case kind::connect: return "connect";
  case kind::disconnect: return "disconnect";
  case kind::subscribe: return "subscribe";
  case kind::unsubscribe: return "unsubscribe";
  case kind::publish: return "publish";
  case kind::publish_unreliable: return "publish_unreliable";
  case kind::watch: return "watch";
  case kind::unwatch: return "unwatch";
  case kind::list: return "list";
  case kind::server_time: return "server_time";
  case kind::ping: return "ping";
  }
  return "unknown";
}

std::string topic_name(std::uint32_t number) {
  return "topic/" + std::to_string(number);
}

bool has_user(const scenario& what, user_id user) noexcept {
  return user >= mqtt_user_base ? user - mqtt_user_base < what.mqtt.size() : user < what.users;
}

bool has_host(const scenario& what, host_id host) noexcept {
  return host == host_id{server_host_number} || has_user(what, user_of(host)) ||
         user_of(host) < what.users + what.intruders; // who are numbered behind the users
}

bool may_strike(fault_kind which, host_id host) noexcept {
  const bool is_server = host == host_id{server_host_number};
  const bool has_mqtt = !is_server && user_of(host) >= mqtt_user_base;
  switch (which) {
  case fault_kind::server_pause:
  case fault_kind::server_restart:
  case fault_kind::reconnect_storm: return is_server; // a storm is everybody's
  case fault_kind::client_pause:
  case fault_kind::client_kill:
  case fault_kind::client_kill_forget:
  case fault_kind::client_slow_reader:
  case fault_kind::client_flood:
  case fault_kind::client_malformed: return !is_server;
  // Of an MQTT client it would be another client.
  case fault_kind::client_second_copy: return !is_server && !has_mqtt;
  // MQTT has no datagrams.
  case fault_kind::udp_blocked:
  case fault_kind::udp_blocked_to_host:
  case fault_kind::udp_blocked_from_host:
  case fault_kind::udp_nat_port:
  case fault_kind::udp_nat_address: return !has_mqtt;
  default: return true;
  }
}

std::string name_in(const operation& what) {
  return what.name.empty() ? topic_name(what.topic) : what.name;
}

std::string user_host(user_id user) {
  if (user >= mqtt_user_base)
    return "mqtt-" + std::to_string(user - mqtt_user_base);
  return "user-" + std::to_string(user);
}

} // namespace kodama::sim
