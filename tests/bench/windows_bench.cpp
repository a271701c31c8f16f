#include "protocol/receive_window.hpp"
#include "protocol/send_window.hpp"
#include "tests/bench/allocations.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

namespace kodama {
namespace {

shared_batch make_batch_of(std::int64_t count) {
  auto batch = std::make_shared<message_batch>();
  const bytes content(64);
  message::publish what;
  what.id = 1;
  what.topic = "sensors/kitchen/temperature";
  what.content = content;
  for (std::int64_t i = 0; i != count; ++i)
    batch->add(what, 0);
  return batch;
}

/// What a subscriber's window does with a batch: keep it, write it, let it go.
void send_window_batch(benchmark::State& state) {
  const auto batch = make_batch_of(state.range(0));
  send_window window{16u * 1024 * 1024};
  bytes out;
  const allocation_count counting{state, static_cast<double>(state.range(0))};
  for (auto _ : state) {
    if (!window.push(batch))
      return state.SkipWithError("the window is full");
    out.clear();
    window.poll_transmit(out, 1u << 20, 0);
    if (!window.handle_ack(window.last_transmitted()))
      return state.SkipWithError("the acknowledgement was refused");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(send_window_batch)->Arg(1)->Arg(64);

/// What a publisher's window at the server does with a message.
void receive_window_message(benchmark::State& state) {
  receive_window window{{std::chrono::milliseconds{20}, 64}};
  message_id id = 0;
  const allocation_count counting{state};
  for (auto _ : state) {
    if (window.handle_message(++id) != receive_window::verdict::fresh)
      return state.SkipWithError("a message in order was not fresh");
    window.complete(instant{}, id);
    benchmark::DoNotOptimize(window.poll_ack(instant{}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(receive_window_message);

} // namespace
} // namespace kodama
