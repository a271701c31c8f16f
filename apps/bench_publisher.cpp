#include "apps/bench_publisher.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama::apps::bench {

publisher::publisher(run_state& run, std::uint32_t topic, std::string name, std::uint32_t index,
                     bool acknowledged, publish_shape shape, std::size_t window, std::size_t batch)
    : client{run, topic, std::move(name)}
    , shape_{std::move(shape)}
    , index_{index}
    , acknowledged_{acknowledged}
    , window_{window}
    , batch_size_{batch} {
  for (std::size_t i = 0; i != batch; ++i)
    append(batch_, shape_.image());
}

std::size_t publisher::room() const noexcept {
  const auto ahead = sent_ - done_;
  if (!live() || !flushed() || ahead >= window_)
    return 0;
  return std::min(static_cast<std::size_t>(window_ - ahead), batch_size_);
}

void publisher::publish(std::size_t count, instant due) {
  KODAMA_ASSERT(count <= batch_size_);
  auto* at = batch_.data();
  for (std::size_t i = 0; i != count; ++i, at += shape_.size()) {
    const stamp mark{topic(), index_, sent_++, due.time_since_epoch().count()};
    shape_.write(at, sent_, mark);
  }
  send(byte_view{batch_}.first(count * shape_.size()));
}

void publisher::handle_welcome(const session_limits& limits) {
  window_ = std::min<std::size_t>(window_, limits.unacknowledged_max);
  go_live();
}

std::size_t publisher::take(byte_view input) {
  std::size_t taken = 0;
  while (!closed()) {
    const auto used = take_one(input.subspan(taken));
    if (used == 0)
      break;
    taken += used;
  }
  return taken;
}

void publisher::handle_message(const message::any& what) {
  const auto* ack = std::get_if<message::ack>(&what);
  if (!ack)
    run().fail("a publisher received an unexpected message");
  else if (ack->through > sent_)
    run().fail("the server acknowledged what was never sent");
  else if (acknowledged_)
    done_ = std::max(done_, ack->through); // a MessageID counts from 1, a sequence from 0
}

void publisher::handle_message(const kodama::mqtt::packet& what) {
  const auto* taken = std::get_if<kodama::mqtt::puback>(&what);
  if (!taken)
    run().fail("a publisher received an unexpected packet");
  else if (done_ == sent_ || taken->id != shape_.packet_id_of(done_ + 1))
    run().fail("PUBACK " + std::to_string(taken->id) + " is not the one that is due");
  else
    ++done_; // they come in the order of the publishes [MQTT-4.6.0-2]
}

} // namespace kodama::apps::bench
