#include "protocol/mqtt/publish_image.hpp"

#include "protocol/mqtt/writer.hpp"

namespace kodama::mqtt {
namespace {

template <class Sink>
void put_shared(Sink& out, const publish_properties& properties) {
  publish_properties::each_shared(
      properties, [&](property id, const auto& member) { put_member(out, id, member); });
}

template <class Sink>
void put_own(Sink& out, const publish_image::delivery& to) {
  put_member(out, property::message_expiry_interval, to.message_expiry_interval);
  for (const auto each : to.subscription_identifiers)
    put_property(out, property::subscription_identifier, each);
  if (to.topic_alias != 0)
    put_property(out, property::topic_alias, to.topic_alias);
}

} // namespace

publish_image::publish_image(const publish& what)
    : topic_size_{static_cast<std::uint32_t>(2 + what.topic.size())} {
  size_counter counter;
  put_shared(counter, what.properties);
  shared_size_ = static_cast<std::uint32_t>(counter.size());
  body_.reserve(topic_size_ + shared_size_ + what.payload.size());
  byte_appender out{body_};
  put(out, what.topic);
  put_shared(out, what.properties);
  out.raw(what.payload);
}

std::size_t publish_image::size_of(const publish& what) {
  size_counter counter;
  put_shared(counter, what.properties);
  return 2 + what.topic.size() + counter.size() + what.payload.size();
}

std::string_view publish_image::topic() const noexcept {
  return as_text(byte_view{body_}.subspan(2, topic_size_ - 2));
}

std::uint32_t publish_image::topic_size(const delivery& to) const {
  return to.topic_known ? 2 : topic_size_;
}

std::uint32_t publish_image::own_size(const delivery& to) {
  size_counter counter;
  put_own(counter, to);
  return static_cast<std::uint32_t>(counter.size());
}

std::uint32_t publish_image::remaining_length(const delivery& to) const {
  std::size_t length = topic_size(to) + (to.id != 0 ? 2 : 0) + tail(to.version).size();
  if (to.version == protocol_version::v5) {
    const auto own = own_size(to);
    length += variable_size(own + shared_size_) + own;
  }
  KODAMA_ASSERT(length <= variable_byte_integer_max);
  return static_cast<std::uint32_t>(length);
}

std::size_t publish_image::packet_size(const delivery& to) const {
  const auto length = remaining_length(to);
  return 1 + variable_size(length) + length;
}

void publish_image::append_head(bytes& out, const delivery& to) const {
  KODAMA_ASSERT((to.qos == qos::at_most_once) == (to.id == 0));
  KODAMA_ASSERT(!to.topic_known || to.topic_alias != 0);
  byte_appender head{out};
  head.u8(static_cast<std::uint8_t>(static_cast<unsigned>(packet_type::publish) << 4U |
                                    (to.dup ? 8U : 0U) | static_cast<unsigned>(to.qos) << 1U |
                                    (to.retain ? 1U : 0U)));
  put_variable(head, remaining_length(to));
  if (to.topic_known)
    put(head, std::string_view{});
  else
    head.raw(byte_view{body_}.first(topic_size_));
  if (to.id != 0)
    head.u16(to.id);
  if (to.version == protocol_version::v5) {
    put_variable(head, own_size(to) + shared_size_);
    put_own(head, to);
  }
}

void publish_image::append_to(bytes& out, const delivery& to) const {
  append_head(out, to);
  append(out, tail(to.version));
}

} // namespace kodama::mqtt
