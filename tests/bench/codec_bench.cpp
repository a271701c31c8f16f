#include "protocol/message_batch.hpp"
#include "protocol/message_reader.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/packet_reader.hpp"
#include "tests/bench/allocations.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace kodama {
namespace {

constexpr int messages_per_read = 64; // a socket's read of small messages

message::publish make_publish(byte_view content) {
  message::publish made;
  made.id = 1;
  made.topic = "sensors/kitchen/temperature";
  made.content = content;
  return made;
}

void encode_publish(benchmark::State& state) {
  const bytes content(static_cast<std::size_t>(state.range(0)));
  const message::any what = make_publish(content);
  bytes out;
  message::encode(out, what, 0); // the room that a connection's buffer has in the long run
  const allocation_count counting{state};
  for (auto _ : state) {
    out.clear();
    message::encode(out, what, 0);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_publish)->Arg(64)->Arg(1024);

/// One read of a socket after the other, each of messages_per_read messages.
template <class Reader>
void read_all(benchmark::State& state, Reader& reader, const bytes& stream) {
  const allocation_count counting{state, messages_per_read};
  for (auto _ : state) {
    int count = 0;
    reader.feed(stream);
    for (auto next = reader.next(); next && *next; next = reader.next())
      ++count;
    if (count != messages_per_read)
      return state.SkipWithError("a message is missing");
  }
  state.SetItemsProcessed(state.iterations() * messages_per_read);
}

void read_publishes(benchmark::State& state) {
  const bytes content(static_cast<std::size_t>(state.range(0)));
  bytes stream;
  for (int i = 0; i != messages_per_read; ++i)
    message::encode(stream, make_publish(content), 0);
  message_reader reader{decode_limits{}};
  read_all(state, reader, stream);
}
BENCHMARK(read_publishes)->Arg(64)->Arg(1024);

mqtt::packet make_mqtt_publish(byte_view payload) {
  mqtt::publish made;
  made.topic = "sensors/kitchen/temperature";
  made.payload = payload;
  made.qos = mqtt::qos::at_least_once;
  made.id = 1;
  return made;
}

void encode_mqtt_publish(benchmark::State& state) {
  const bytes payload(static_cast<std::size_t>(state.range(0)));
  const auto what = make_mqtt_publish(payload);
  bytes out;
  const mqtt::encode_options options;
  bool fits = mqtt::encode(out, what, options);
  const allocation_count counting{state};
  for (auto _ : state) {
    out.clear();
    fits = mqtt::encode(out, what, options) && fits;
    benchmark::DoNotOptimize(out.data());
  }
  if (!fits)
    state.SkipWithError("the packet was refused");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_mqtt_publish)->Arg(64)->Arg(1024);

void read_mqtt_publishes(benchmark::State& state) {
  const bytes payload(static_cast<std::size_t>(state.range(0)));
  bytes stream;
  const mqtt::encode_options options;
  for (int i = 0; i != messages_per_read; ++i)
    if (!mqtt::encode(stream, make_mqtt_publish(payload), options))
      return state.SkipWithError("the packet was refused");
  mqtt::packet_reader reader{64 * 1024, options.version};
  read_all(state, reader, stream);
}
BENCHMARK(read_mqtt_publishes)->Arg(64)->Arg(1024);

} // namespace
} // namespace kodama
