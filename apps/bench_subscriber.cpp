#include "apps/bench_subscriber.hpp"

#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/reason_code.hpp"

#include <chrono>
#include <utility>

namespace kodama::apps::bench {
namespace {

constexpr auto ack_delay = std::chrono::milliseconds{100};
constexpr std::uint64_t ack_every = 64;

} // namespace

void late_acknowledgements::send_due(instant now) {
  while (!waiting_.empty() && waiting_.front().due <= now) {
    auto& who = *waiting_.front().who;
    waiting_.pop_front();
    who.handle_late_acknowledgement();
  }
}

subscriber::subscriber(run_state& run, std::uint32_t topic, std::string name,
                       std::size_t publishers, bool reliable, const publish_shape& shape,
                       late_acknowledgements& late)
    : client{run, topic, std::move(name)}
    , shape_{shape}
    , late_{late}
    , check_{topic, publishers, reliable && !run.mqtt} // MQTT numbers nothing
    , reliable_{reliable} {}

void subscriber::handle_welcome(const session_limits&) {
  if (run().relayed) {
    go_live();
  } else if (run().mqtt) {
    kodama::mqtt::subscribe asked;
    asked.id = 1;
    asked.subscriptions.push_back({topic_name(), run().qos});
    send(kodama::mqtt::packet{asked});
  } else {
    send(message::any{message::subscribe{1, topic_name()}});
  }
}

std::size_t subscriber::take(byte_view input) {
  const auto* at = input.data();
  const auto* const end = at + input.size();
  const auto size = shape_.size();
  while (!closed()) {
    const auto left = static_cast<std::size_t>(end - at);
    if (left >= size && shape_.matches(at)) {
      if (run().mqtt)
        deliver(shape_.packet_id(at), shape_.read_stamp(at));
      else
        deliver(publish_shape::number(at), publish_shape::sequence(at), shape_.read_stamp(at));
      at += size;
    } else if (const auto used = take_one({at, left}); used != 0) {
      at += used;
    } else {
      break;
    }
  }
  if (!pubacks_.empty()) {
    send(byte_view{pubacks_});
    pubacks_.clear();
  }
  if (reliable_ && !run().relayed && !run().mqtt)
    acknowledge_in_time();
  return static_cast<std::size_t>(at - input.data());
}

void subscriber::deliver(std::uint64_t number, topic_sequence sequence, const stamp& what) {
  auto& to = run();
  ++to.deliveries;
  check_.take(number, sequence, what, to.faults);
  if (to.timing && what.due >= to.timed_from)
    to.latencies.push_back(
        static_cast<std::uint32_t>(to.read_at.time_since_epoch().count() - what.due));
}

void subscriber::deliver(kodama::mqtt::packet_id id, const stamp& what) {
  deliver(check_.next_number(), 0, what);
  if (id != 0)
    (void)kodama::mqtt::encode(pubacks_, kodama::mqtt::puback{id, {}, {}},
                               {kodama::mqtt::protocol_version::v3_1_1});
}

void subscriber::handle_message(const kodama::mqtt::packet& what) {
  if (const auto* answer = std::get_if<kodama::mqtt::suback>(&what)) {
    if (answer->reasons.empty() || kodama::mqtt::is_failure(answer->reasons.front()))
      run().fail("the subscription was refused");
    else
      go_live();
  } else if (const auto* publish = std::get_if<kodama::mqtt::publish>(&what);
             publish && publish->payload.size() >= sizeof(stamp)) {
    stamp found;
    std::memcpy(&found, publish->payload.data(), sizeof found);
    deliver(publish->id, found);
  } else {
    run().fail("a subscriber received an unexpected packet");
  }
}

void subscriber::handle_message(const message::any& what) {
  if (const auto* answer = std::get_if<message::suback>(&what)) {
    // Without a guarantee numbers have a counter of their own, and a client counts from what comes.
    check_.begin(reliable_ ? answer->id + 1 : 0, answer->first);
    acknowledged_ = answer->id;
    send(message::any{message::ack{answer->id}});
    go_live();
  } else if (const auto* publish = std::get_if<message::publish>(&what);
             publish && publish->content.size() >= sizeof(stamp)) {
    stamp found;
    std::memcpy(&found, publish->content.data(), sizeof found);
    deliver(reliable_ ? publish->id : publish->unreliable, publish->sequence, found);
  } else if (!std::holds_alternative<message::ack>(what)) { // that of our SUBSCRIBE
    run().fail("a subscriber received an unexpected message");
  }
}

void subscriber::acknowledge_in_time() {
  const auto owed = check_.next_number() - 1 - acknowledged_;
  if (owed >= ack_every) {
    acknowledge();
  } else if (owed != 0 && !waiting_) {
    waiting_ = true;
    late_.add(*this, now() + ack_delay);
  }
}

void subscriber::handle_late_acknowledgement() {
  waiting_ = false;
  if (check_.next_number() - 1 != acknowledged_)
    acknowledge();
}

void subscriber::acknowledge() {
  acknowledged_ = check_.next_number() - 1;
  send(message::any{message::ack{acknowledged_}});
}

} // namespace kodama::apps::bench
