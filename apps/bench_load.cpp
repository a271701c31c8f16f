#include "apps/bench_load.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace kodama::apps::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t handshakes_max = 64; ///< at once; far below a server's unauthenticated_max
constexpr auto connecting_max = std::chrono::seconds{30};
/// After so long without a delivery nothing more is expected.
constexpr auto silence_max = std::chrono::seconds{2};
/// Without a guarantee a subscriber may wait for a message that was dropped; so long the window
/// waits with it.
constexpr auto unreliable_silence_max = milliseconds{100};
constexpr auto goodbye_max = std::chrono::seconds{1};
constexpr auto report_every = milliseconds{200};

} // namespace

load::load(const options& chosen, const place& where,
           std::function<void(const std::string&)> progress)
    : chosen_{chosen}
    , where_{where}
    , progress_{std::move(progress)}
    , delivered_{shape(topic_name(0), true)} {
  run_.target = where.server;
  run_.token = chosen.token;
  run_.relayed = where.relayed;
  run_.mqtt = chosen.mqtt && !where.relayed;
  run_.qos = qos();
}

traffic_outcome load::traffic() {
  for (std::size_t topic = 0; topic != chosen_.topics; ++topic) {
    for (std::size_t i = 0; i != chosen_.subscribers; ++i)
      add_subscriber(topic, chosen_.publishers);
    for (std::size_t i = 0; i != chosen_.publishers; ++i)
      add_publisher(topic, i);
  }
  open_all();
  std::pair<mark, mark> span;
  if (!failed())
    span = chosen_.what == workload::latency ? keep_pace() : saturate();
  if (!failed())
    drain();
  const auto& [from, to] = span;

  traffic_outcome found;
  found.measured = to.at - from.at;
  found.deliveries = to.deliveries - from.deliveries;
  found.published = to.published - from.published;
  found.reads = to.reads - from.reads;
  if (from.server_cpu && to.server_cpu)
    found.server_cpu = *to.server_cpu - *from.server_cpu;
  found.own_cpu = to.own_cpu - from.own_cpu;
  found.latencies = std::move(run_.latencies);
  std::sort(found.latencies.begin(), found.latencies.end());
  found.expected = published() * chosen_.subscribers;
  found.arrived = run_.deliveries;
  found.faults = run_.faults;
  found.missing = missing();
  found.failure = run_.failure;
  close_all();
  return found;
}

idle_outcome load::idle() {
  idle_outcome found;
  found.connections = chosen_.connections;
  for (std::size_t i = 0; i != chosen_.connections; ++i)
    add_subscriber(i, 0);
  found.before = memory_of(where_.pid);
  const auto from = take_mark();
  open_all();
  const auto to = take_mark();
  found.connecting = to.at - from.at;
  if (from.server_cpu && to.server_cpu)
    found.server_cpu = *to.server_cpu - *from.server_cpu;
  for (const auto until = now() + chosen_.settle; !failed() && now() < until;)
    poll(milliseconds{20});
  found.after = memory_of(where_.pid);
  found.failure = run_.failure;
  close_all();
  return found;
}

// --- connections ------------------------------------------------------------------------------

std::string load::topic_name(std::size_t topic) const {
  // Ours alone, should two generators load one server; and of one length.
  char name[40];
  std::snprintf(name, sizeof name, "bench/%08d/%08zu", static_cast<int>(::getpid()), topic);
  return name;
}

publish_shape load::shape(std::string_view topic, bool delivered) const {
  if (chosen_.mqtt && !where_.relayed) // the floor's subscribers read native numbers
    return publish_shape::mqtt(topic, chosen_.payload, qos());
  return delivered ? publish_shape::delivered(topic, chosen_.payload, reliable())
                   : publish_shape::sent(topic, chosen_.payload, reliable());
}

void load::add_subscriber(std::size_t topic, std::size_t publishers) {
  subscribers_.push_back(std::make_unique<subscriber>(run_, static_cast<std::uint32_t>(topic),
                                                      topic_name(topic), publishers, reliable(),
                                                      delivered_, late_));
  clients_.push_back(subscribers_.back().get());
}

void load::add_publisher(std::size_t topic, std::size_t index) {
  const bool acknowledged = reliable() && !where_.relayed;
  const auto batch = chosen_.what == workload::latency ? 1 : chosen_.window;
  const auto name = topic_name(topic);
  // The floor passes on what it gets, so it is given what a subscriber expects.
  publishers_.push_back(std::make_unique<publisher>(
      run_, static_cast<std::uint32_t>(topic), name, static_cast<std::uint32_t>(index),
      acknowledged, shape(name, where_.relayed), chosen_.window, batch));
  clients_.push_back(publishers_.back().get());
}

void load::open_all() {
  const auto until = now() + connecting_max;
  std::size_t opened = 0;
  while (run_.live != clients_.size() && !failed()) {
    while (opened != clients_.size() && opened - run_.live < handshakes_max)
      clients_[opened++]->open();
    poll(milliseconds{20});
    const auto time = now();
    report("connecting: " + std::to_string(run_.live) + " of " + std::to_string(clients_.size()),
           time);
    if (time >= until)
      run_.fail("only " + std::to_string(run_.live) + " of " + std::to_string(clients_.size()) +
                " connections within 30 s");
  }
}

void load::close_all() {
  for (auto* each : clients_)
    each->say_goodbye();
  const auto all_closed = [&] {
    return std::all_of(clients_.begin(), clients_.end(), [](auto* each) { return each->closed(); });
  };
  for (const auto until = now() + goodbye_max; now() < until && !all_closed();)
    poll(milliseconds{20});
  for (auto* each : clients_)
    each->close();
}

// --- traffic ----------------------------------------------------------------------------------

void load::poll(duration longest) {
  const auto next = late_.next();
  if (next == never) {
    run_.polling.poll(longest);
    return;
  }
  run_.polling.poll(longest > duration{0} ? std::min(longest, next - now()) : longest);
  late_.send_due(now());
}

std::pair<load::mark, load::mark> load::saturate() {
  auto from = take_mark();
  const auto warm_at = from.at + chosen_.warmup;
  const auto stop_at = warm_at + chosen_.measured;
  bool warm = false;
  std::uint64_t seen = 0;
  auto quiet_since = from.at;
  for (;;) {
    publish_what_fits();
    poll(milliseconds{20});
    const auto time = now();
    if (!warm && time >= warm_at) {
      warm = true;
      from = take_mark();
    }
    if (failed() || time >= stop_at)
      return {from, take_mark()};
    if (std::exchange(seen, run_.deliveries) != run_.deliveries)
      quiet_since = time;
    if (chosen_.unreliable && time - quiet_since > unreliable_silence_max)
      for (const auto& each : publishers_)
        each->handle_progress(each->sent()); // the rest was dropped, and will not come
    else if (time - quiet_since > silence_max)
      run_.fail("no delivery for two seconds");
    report(warm ? "measuring" : "warming up", time);
  }
}

void load::publish_what_fits() {
  for (const auto& each : publishers_) {
    note_progress(*each);
    // A few at a time would be written one by one, and read one by one.
    if (const auto room = each->room(); room >= (chosen_.window + 3) / 4)
      each->publish(room, instant{});
  }
}

void load::note_progress(publisher& from) {
  if (from.acknowledged())
    return;
  auto reached = from.sent();
  for (std::size_t i = 0; i != chosen_.subscribers; ++i)
    reached = std::min(reached, subscriber_of(from.topic(), i).received().reached(from.index()));
  from.handle_progress(reached);
}

std::pair<load::mark, load::mark> load::keep_pace() {
  // Otherwise the kernel rounds our waits up by 50 µs.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  const auto begin = now() + milliseconds{1};
  const auto warm_at = begin + chosen_.warmup;
  const auto stop_at = warm_at + chosen_.measured;
  run_.timing = true;
  run_.timed_from = warm_at.time_since_epoch().count();
  const auto measured = std::chrono::duration_cast<milliseconds>(chosen_.measured).count();
  run_.latencies.reserve(chosen_.rate * static_cast<std::size_t>(measured + 1) / 1000 *
                         chosen_.subscribers);
  auto from = take_mark();
  bool warm = false;
  for (std::uint64_t i = 0; !failed(); ++i) {
    const auto due = begin + duration{static_cast<std::int64_t>(i * 1'000'000'000 / chosen_.rate)};
    if (due >= stop_at)
      break;
    if (!warm && due >= warm_at) {
      warm = true;
      from = take_mark();
    }
    for (auto left = due - now(); left > duration{0}; left = due - now())
      poll(chosen_.sleeping ? left : duration{0});
    publishers_[i % publishers_.size()]->publish(1, due);
    poll(duration{0});
    report(warm ? "measuring" : "warming up", due);
  }
  return {from, take_mark()};
}

void load::drain() {
  const auto patience = chosen_.unreliable ? duration{unreliable_silence_max} : silence_max;
  auto seen = run_.deliveries;
  auto quiet_since = now();
  // One more round when everything has come: a repetition may follow.
  for (bool last_round = false; !last_round && !failed();) {
    last_round = missing() == 0 && all_acknowledged();
    poll(milliseconds{5});
    const auto time = now();
    if (std::exchange(seen, run_.deliveries) != run_.deliveries)
      quiet_since = time;
    if (time - quiet_since > patience)
      break;
  }
  if (!all_acknowledged())
    run_.fail("not every message was acknowledged");
}

bool load::all_acknowledged() const {
  return std::all_of(publishers_.begin(), publishers_.end(), [](const auto& each) {
    return !each->acknowledged() || each->done() == each->sent();
  });
}

// --- counting ---------------------------------------------------------------------------------

load::mark load::take_mark() const {
  return {now(), run_.deliveries, published(), run_.reads, cpu_time(where_.pid), own_cpu_time()};
}

std::uint64_t load::published() const {
  std::uint64_t sum = 0;
  for (const auto& each : publishers_)
    sum += each->sent();
  return sum;
}

std::uint64_t load::missing() const {
  std::uint64_t sum = 0;
  for (const auto& each : publishers_)
    for (std::size_t i = 0; i != chosen_.subscribers; ++i)
      sum += each->sent() - subscriber_of(each->topic(), i).received().reached(each->index());
  return sum;
}

void load::report(const std::string& what, instant time) {
  if (!progress_ || time - reported_ < report_every)
    return;
  reported_ = time;
  progress_(what);
}

} // namespace kodama::apps::bench
