#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace kodama::mqtt {

/// A PUBLISH encoded once for all its subscribers, whatever their version.
///
/// Subscribers differ in QoS, packet identifier, flags, subscription identifiers and what is left
/// of the expiry; topic, other properties and payload are the same for all. On the wire
///
///     first byte | remaining length | topic | packet id | properties: own, shared | payload
///                                                                    `------ tail ------'
///
/// so each subscriber gets a head of its own, some dozens of bytes, and the one tail, copied or
/// written from where it lies; without properties, which 3.1.1 does not have, it is the payload
/// alone. A view of bytes that lie in publish_forms.
class publish_image {
public:
  /// `topic` with its length; `tail`: the shared properties (publish_properties::each_shared),
  /// which are `shared_size` bytes, and the payload. A topic alias is a matter of one connection,
  /// and part of its delivery.
  publish_image(byte_view topic, byte_view tail, std::uint32_t shared_size) noexcept
      : topic_{topic}
      , tail_{tail}
      , shared_size_{shared_size} {}

  /// What one subscriber gets of its own.
  struct delivery {
    protocol_version version = protocol_version::v5;
    mqtt::qos qos = mqtt::qos::at_most_once;
    bool retain = false;
    bool dup = false;
    packet_id id = 0;                                     ///< with QoS 1 and 2
    std::optional<std::uint32_t> message_expiry_interval; ///< what is left of it [MQTT-3.3.2-6]
    std::span<const std::uint32_t> subscription_identifiers;
    std::uint16_t topic_alias = 0; ///< 5.0; 0: none
    bool topic_known = false;      ///< by its alias: the topic itself is left out (3.3.2.3.4)
  };

  [[nodiscard]] std::string_view topic() const noexcept { return as_text(topic_.subspan(2)); }
  [[nodiscard]] byte_view payload() const noexcept { return tail(protocol_version::v3_1_1); }
  /// Of what is the same for all: topic, shared properties, payload.
  [[nodiscard]] std::size_t size() const noexcept { return topic_.size() + tail_.size(); }
  /// Of the whole packet; to be compared with the receiver's maximum before anything is appended.
  [[nodiscard]] std::size_t packet_size(const delivery& to) const;

  [[nodiscard]] byte_view tail(protocol_version version) const noexcept {
    return version == protocol_version::v5 ? tail_ : tail_.subspan(shared_size_);
  }
  /// Head and tail: the packet.
  void append_to(bytes& out, const delivery& to) const;

private:
  template <class Sink>
  void put_head(Sink& out, const delivery& to) const;
  /// The topic as it is written: with its length, or empty where the alias says it.
  [[nodiscard]] std::uint32_t topic_size(const delivery& to) const;
  [[nodiscard]] static std::uint32_t own_size(const delivery& to);
  [[nodiscard]] std::uint32_t remaining_length(const delivery& to) const;

  byte_view topic_;
  byte_view tail_;
  std::uint32_t shared_size_;
};

} // namespace kodama::mqtt
