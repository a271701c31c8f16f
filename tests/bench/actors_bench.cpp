#include "actors/runtime/pinned_actor.hpp"
#include "protocol/message.hpp"
#include "tests/bench/allocations.hpp"
#include "tests/bench/bench_node.hpp"

#include <benchmark/benchmark.h>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>

#include <functional>
#include <string>

namespace kodama {

struct counted {
  std::uint64_t value = 0;
};

} // namespace kodama

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::counted)

namespace kodama {
namespace {

class counter final : public runtime::pinned_actor {
public:
  counter(caf::actor_config& config, std::uint64_t& sum)
      : pinned_actor{config}
      , sum_{sum} {}

  caf::behavior make_behavior() override {
    return {[this](const counted& m) { sum_ += m.value; }};
  }

private:
  std::uint64_t& sum_;
};

/// From the send to the end of the handler.
void message_to_actor(benchmark::State& state) {
  bench_node node;
  std::uint64_t sum = 0;
  const auto actor = runtime::spawn_on<counter>(node.home(), std::ref(sum));
  node.home().run_actors();
  const allocation_count counting{state};
  for (auto _ : state) {
    caf::anon_send(actor, counted{1});
    node.home().run_actors();
  }
  if (sum != static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("a message got lost");
  state.SetItemsProcessed(state.iterations());
  caf::anon_send_exit(actor, caf::exit_reason::kill);
}
BENCHMARK(message_to_actor);

constexpr std::size_t message_size = 64;

/// What a publisher's socket brings, read by read, in one buffer.
class publisher {
public:
  explicit publisher(bench_link& link)
      : link_{link} {}

  /// `count` messages of 64 bytes in one read.
  void publish(std::size_t count) {
    said_.clear();
    message::publish what;
    what.topic = "t";
    what.content = content_;
    for (std::size_t i = 0; i != count; ++i) {
      what.id = ++last_;
      message::encode(said_, what, 0);
    }
    link_.receive(said_);
  }
  [[nodiscard]] message_id last() const noexcept { return last_; }

private:
  bench_link& link_;
  message_id last_ = 0;
  bytes content_ = bytes(message_size);
  bytes said_;
};

/// Acknowledges what a subscriber has got of the publisher, and its SUBACK, which has a number too.
void acknowledge(bench_link& subscriber, const publisher& all) {
  bytes said;
  message::encode(said, message::ack{1 + all.last()}, 0);
  subscriber.receive(said);
}

/// One publisher's read of 16 messages to so many native subscribers, from the bytes of the one to
/// the bytes of the others; every hundredth turn all acknowledge what they have. Items are
/// deliveries.
void fan_out(benchmark::State& state) {
  constexpr std::size_t batch = 16;
  constexpr std::uint64_t acknowledge_every = 100;
  const auto subscribers = static_cast<std::size_t>(state.range(0));
  bench_node node;
  if (!node.connect(1) || !node.connect(subscribers, "t"))
    return state.SkipWithError("a connection was refused");
  publisher one{node.at(0)};
  std::uint64_t turns = 0;
  const auto deliveries = batch * subscribers;
  const allocation_count counting{state, static_cast<double>(deliveries)};
  for (auto _ : state) {
    one.publish(batch);
    node.home().run_actors();
    if (++turns % acknowledge_every == 0)
      for (std::size_t i = 1; i <= subscribers; ++i)
        acknowledge(node.at(i), one);
    node.run();
  }
  one.publish(batch);
  node.home().run_actors();
  for (std::size_t i = 1; i <= subscribers; ++i)
    if (node.at(i).output().size() < batch * message_size)
      return state.SkipWithError("a subscriber gets nothing any more");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(deliveries));
}
BENCHMARK(fan_out)->Arg(1)->Arg(100)->Arg(10'000);

/// A thousand connections one after the other on top of so many, each from being accepted to
/// CONNACK.
void connect(benchmark::State& state) {
  bench_node node;
  bool welcome = node.connect(static_cast<std::size_t>(state.range(0)));
  const allocation_count counting{state};
  for (auto _ : state)
    welcome = node.connect(1) && welcome;
  if (!welcome)
    state.SkipWithError("a connection was refused");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(connect)->Arg(0)->Arg(10'000)->Iterations(1'000);

/// A publish to one subscriber in a server with so many topics and filters of others.
void publish_among_topics(benchmark::State& state) {
  bench_node node;
  bool welcome = node.connect(1) && node.connect(1, "t");
  for (std::int64_t i = 0; i != state.range(0); ++i)
    welcome = node.connect(1, i % 2 == 0 ? "other/" + std::to_string(i)
                                         : "others/+/" + std::to_string(i)) &&
              welcome;
  if (!welcome)
    return state.SkipWithError("a connection was refused");
  publisher one{node.at(0)};
  std::int64_t delivered = 0;
  const allocation_count counting{state};
  for (auto _ : state) {
    one.publish(1);
    node.home().run_actors();
    delivered += node.at(1).output().size() > message_size ? 1 : 0;
    node.at(0).output().clear();
    node.at(1).output().clear();
    if (one.last() % 64 == 0)
      acknowledge(node.at(1), one);
  }
  if (delivered != state.iterations())
    state.SkipWithError("a message got lost");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(publish_among_topics)->Arg(0)->Arg(100)->Arg(10'000);

} // namespace
} // namespace kodama
