#include "apps/bench_publish_shape.hpp"

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
