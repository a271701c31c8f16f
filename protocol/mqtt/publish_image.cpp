#include "protocol/mqtt/publish_image.hpp"

#include "protocol/mqtt/writer.hpp"

namespace kodama::mqtt {
namespace {

template <class Sink>
void put_own(Sink& out, const publish_image::delivery& to) {
  put_member(out, property::message_expiry_interval, to.message_expiry_interval);
  for (const auto each : to.subscription_identifiers)
    put_property(out, property::subscription_identifier, each);
  if (to.topic_alias != 0)
    put_property(out, property::topic_alias, to.topic_alias);
}

} // namespace

std::uint32_t publish_image::topic_size(const delivery& to) const {
  return to.topic_known ? 2 : static_cast<std::uint32_t>(topic_.size());
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

template <class Sink>
void publish_image::put_head(Sink& out, const delivery& to) const {
  KODAMA_ASSERT((to.qos == qos::at_most_once) == (to.id == 0));
  KODAMA_ASSERT(!to.topic_known || to.topic_alias != 0);
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(packet_type::publish) << 4U |
                                   (to.dup ? 8U : 0U) | static_cast<unsigned>(to.qos) << 1U |
                                   (to.retain ? 1U : 0U)));
  put_variable(out, remaining_length(to));
  if (to.topic_known)
    put(out, std::string_view{});
  else
    out.raw(topic_);
  if (to.id != 0)
    out.u16(to.id);
  if (to.version == protocol_version::v5) {
    put_variable(out, own_size(to) + shared_size_);
    put_own(out, to);
  }
}

void publish_image::append_to(bytes& out, const delivery& to) const {
  const auto start = out.size();
  out.resize(start + packet_size(to));
  byte_writer packet{out.data() + start};
  put_head(packet, to);
  packet.raw(tail(to.version));
  KODAMA_ASSERT(packet.at() == out.data() + out.size());
}

} // namespace kodama::mqtt
