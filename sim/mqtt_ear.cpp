#include "sim/mqtt_ear.hpp"

namespace kodama::sim {

mqtt_ear::mqtt_ear(const event_queue& queue, witness& watching, std::uint64_t link)
    : queue_{queue}
    , witness_{watching}
    , link_{link}
    , client_{mqtt::packet_reader{mqtt::packet_size_limit}} {}

void mqtt_ear::hear(byte_view arrived) {
  read(client_, arrived, of_client_, &checker::on_mqtt_heard);
  if (client_ && client_->version() && !server_)
    server_.emplace(mqtt::packet_size_limit, *client_->version());
}

void mqtt_ear::overhear(byte_view said) {
  read(server_, said, of_server_, &checker::on_mqtt_said);
}

void mqtt_ear::end() {
  witness_.tell(&checker::on_mqtt_closed, queue_.now(), link_);
}

void mqtt_ear::read(std::optional<mqtt::packet_reader>& in, byte_view data, aliases& known,
                    told which) {
  if (!in)
    return;
  in->feed(data);
  for (;;) {
    auto next = in->next();
    if (!next || !*next)
      return;
    auto& what = **next;
    if (auto* given = std::get_if<mqtt::publish>(&what); given && given->properties.topic_alias) {
      auto& topic = known[*given->properties.topic_alias];
      if (!given->topic.empty())
        topic = given->topic;
      given->topic = topic;
    }
    witness_.tell(which, queue_.now(), link_, what);
  }
}

} // namespace kodama::sim
