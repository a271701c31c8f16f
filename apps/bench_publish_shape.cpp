#include "apps/bench_publish_shape.hpp"

#include "protocol/assert.hpp"
#include "protocol/mqtt/encode.hpp"

namespace kodama::apps::bench {
namespace {

message::publish sample_of(std::string_view topic, byte_view content, bool reliable) {
  message::publish sample;
  sample.id = reliable ? 1 : 0;
  sample.unreliable = reliable ? 0 : 1;
  sample.topic = topic;
  sample.content = content;
  return sample;
}

} // namespace

publish_shape::publish_shape(const message::publish& sample)
    : sequenced_{sample.sequence != 0} {
  message::encode(image_, sample, 0);
  content_ = image_.size() - padded(sample.content.size());
}

publish_shape::publish_shape(std::string_view topic, const kodama::mqtt::publish& sample)
    : sequenced_{false} {
  kodama::mqtt::encode_options options;
  options.version = kodama::mqtt::protocol_version::v3_1_1;
  KODAMA_ASSERT(kodama::mqtt::encode(image_, sample, options));
  content_ = image_.size() - sample.payload.size();
  const auto id_size = sample.id == 0 ? 0U : sizeof(sample.id);
  mqtt_head_ = content_ - id_size - topic.size();
  packet_id_ = sample.id == 0 ? 0 : content_ - id_size;
}

publish_shape publish_shape::mqtt(std::string_view topic, std::size_t payload,
                                  kodama::mqtt::qos qos) {
  const bytes content(payload);
  kodama::mqtt::publish sample;
  sample.topic = topic;
  sample.payload = content;
  sample.qos = qos;
  sample.id = qos == kodama::mqtt::qos::at_most_once ? 0 : 1;
  return publish_shape{topic, sample};
}

publish_shape publish_shape::delivered(std::string_view topic, std::size_t payload, bool reliable) {
  const bytes content(payload);
  auto sample = sample_of(topic, content, reliable);
  sample.sequence = reliable ? 1 : 0;
  sample.sender = 1;
  return publish_shape{sample};
}

publish_shape publish_shape::sent(std::string_view topic, std::size_t payload, bool reliable) {
  const bytes content(payload);
  return publish_shape{sample_of(topic, content, reliable)};
}

} // namespace kodama::apps::bench
