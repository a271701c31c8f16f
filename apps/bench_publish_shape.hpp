#pragma once

#include "apps/bench_delivery_check.hpp"
#include "protocol/bytes.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstring>
#include <string_view>

namespace kodama::apps::bench {

/// Where the parts of a PUBLISH lie, for all messages of a run: they differ in numbers and content
/// alone. So a delivery is recognised by comparing the heads of its sections, and read by loading
/// three numbers. Decoding it would cost the generator more than it costs the server to send it.
///
/// A server may order its sections otherwise; then nothing matches, and whoever asks has to decode.
class publish_shape {
public:
  /// As a subscriber receives it from our server. Every topic of a run has a name of this length.
  [[nodiscard]] static publish_shape delivered(std::string_view topic, std::size_t payload,
                                               bool reliable);
  /// As a publisher sends it.
  [[nodiscard]] static publish_shape sent(std::string_view topic, std::size_t payload,
                                          bool reliable);
  /// Of MQTT 3.1.1, QoS 0 or 1; sent and delivered it looks the same.
  [[nodiscard]] static publish_shape mqtt(std::string_view topic, std::size_t payload,
                                          kodama::mqtt::qos qos);

  /// One encoded message, to be numbered and stamped.
  [[nodiscard]] byte_view image() const noexcept { return image_; }
  [[nodiscard]] std::size_t size() const noexcept { return image_.size(); }

  /// Whether a message of this shape lies at `at`, where size() bytes can be read.
  [[nodiscard]] bool matches(const std::byte* at) const noexcept {
    if (mqtt_head_ != 0)
      return std::memcmp(at, image_.data(), mqtt_head_) == 0;
    return same_head(at, 0) && same_head(at, message_header_size) &&
           same_head(at, second_section) && same_head(at, content_ - section_header_size);
  }
  [[nodiscard]] static std::uint64_t number(const std::byte* at) noexcept {
    return load_big<std::uint64_t>(at + message::number_offset);
  }
  [[nodiscard]] static topic_sequence sequence(const std::byte* at) noexcept {
    return load_big<std::uint64_t>(at + message::sequence_offset);
  }
  /// Of MQTT; 0 with QoS 0.
  [[nodiscard]] std::uint16_t packet_id(const std::byte* at) const noexcept {
    return packet_id_ == 0 ? std::uint16_t{0} : load_big<std::uint16_t>(at + packet_id_);
  }
  /// Which a message of this number is sent with; 0 is not allowed.
  [[nodiscard]] static std::uint16_t packet_id_of(std::uint64_t number) noexcept {
    return static_cast<std::uint16_t>(1 + number % 65'535);
  }
  [[nodiscard]] stamp read_stamp(const std::byte* at) const noexcept {
    stamp found;
    std::memcpy(&found, at + content_, sizeof found);
    return found;
  }
  /// `number` is also the topic sequence number where this shape has one; of MQTT it makes the
  /// packet identifier.
  void write(std::byte* at, std::uint64_t number, const stamp& what) const noexcept {
    if (packet_id_ != 0)
      store_big(at + packet_id_, packet_id_of(number));
    if (mqtt_head_ == 0)
      store_big(at + message::number_offset, number);
    if (sequenced_)
      store_big(at + message::sequence_offset, number);
    std::memcpy(at + content_, &what, sizeof what);
  }

private:
  static constexpr std::size_t second_section =
      message_header_size + section_header_size + sizeof(std::uint64_t);

  explicit publish_shape(const message::publish& sample);
  publish_shape(std::string_view topic, const kodama::mqtt::publish& sample);

  /// Type and length of a message or section are its first eight bytes.
  [[nodiscard]] bool same_head(const std::byte* at, std::size_t offset) const noexcept {
    return std::memcmp(at + offset, image_.data() + offset, section_header_size) == 0;
  }

  bytes image_;
  std::size_t content_; // offset
  bool sequenced_;
  // Of MQTT, else 0.
  std::size_t mqtt_head_ = 0; ///< how much is the same whatever the topic: header and length
  std::size_t packet_id_ = 0; ///< offset
};

} // namespace kodama::apps::bench
