#include "actors/mqtt_session.hpp"

#include <utility>

namespace kodama::actors {

using std::chrono::seconds;

void mqtt_session::keep_will(const mqtt::connect& asked) {
  if (!asked.will)
    return;
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
  publish_collector alone{who_.client};
  alone.add(said, said.qos == mqtt::qos::at_most_once ? 0 : unanswered, never);
  will_ = std::make_unique<will>();
  will_->topic = from.topic;
  will_->what = alone.take();
  will_->delay = seconds{from.properties.will_delay_interval.value_or(0)};
  will_->expiry = from.properties.message_expiry_interval;
}

void mqtt_session::publish_will() {
  will_at_ = never;
  const auto last = std::exchange(will_, nullptr);
  if (!last)
    return;
  if (last->expiry)
    last->what.batch->forms.front().expires_at = now() + seconds{*last->expiry};
  topics_.send(last->topic, caf::make_message(std::move(last->what)));
}

} // namespace kodama::actors
