#include "actors/mqtt_session.hpp"

#include <utility>

namespace kodama::actors {

using std::chrono::seconds;

mqtt::outcome<std::unique_ptr<mqtt_session::will>>
mqtt_session::make_will(const mqtt::connect& asked) const {
  if (!asked.will)
    return std::unique_ptr<will>{};
  if (auto refused = judge(asked))
    return *std::move(refused);
  const auto& from = *asked.will;
  mqtt::publish said;
  said.topic = from.topic;
  said.payload = from.payload;
  said.qos = from.qos;
  said.retain = from.retain;
  said.properties.payload_format_indicator = from.properties.payload_format_indicator;
  said.properties.message_expiry_interval = from.properties.message_expiry_interval;
  said.properties.content_type = from.properties.content_type;
  said.properties.response_topic = from.properties.response_topic;
  said.properties.correlation_data = from.properties.correlation_data;
  said.properties.user = from.properties.user;
  auto room =
      make_room("CONNECT: the will: ", said, will_falls(asked) ? will_->what.room : nullptr);
  if (!room)
    return room.error();
  publish_collector alone{who_.client};
  alone.add(said, asked.version, said.qos == mqtt::qos::at_most_once ? 0 : unanswered, never,
            *std::move(room));
  auto made = std::make_unique<will>();
  made->topic = from.topic;
  made->what = alone.take();
  made->delay = seconds{from.properties.will_delay_interval.value_or(0)};
  made->expiry = from.properties.message_expiry_interval;
  return made;
}

bool mqtt_session::will_falls(const mqtt::connect& asked) const {
  if (!will_ || !has_state_ || asked.clean_start)
    return false;
  return !link_ || (core_.session_expiry() != 0 && will_->delay > duration{});
}

void mqtt_session::publish_will() {
  will_at_ = never;
  const auto last = std::exchange(will_, nullptr);
  if (!last)
    return;
  if (last->expiry)
    last->what.batch->forms.set_expires_at(0, now() + seconds{*last->expiry});
  topics_.send(last->topic, std::move(last->what));
}

} // namespace kodama::actors
