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
/// alone. Immutable, owns its bytes, and so may be shared between sessions.
class publish_image {
public:
  /// Of `what` the topic, payload and shared properties (publish_properties::each_shared) count. A
  /// topic alias is a matter of one connection, and part of its delivery.
  explicit publish_image(const publish& what);

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

  [[nodiscard]] std::string_view topic() const noexcept;
  [[nodiscard]] byte_view payload() const noexcept { return tail(protocol_version::v3_1_1); }
  /// Of what is the same for all: topic, shared properties, payload.
  [[nodiscard]] std::size_t size() const noexcept { return body_.size(); }
  /// The size() that the image of `what` has.
  [[nodiscard]] static std::size_t size_of(const publish& what);
  /// Of the whole packet; to be compared with the receiver's maximum before anything is appended.
  [[nodiscard]] std::size_t packet_size(const delivery& to) const;

  void append_head(bytes& out, const delivery& to) const;
  [[nodiscard]] byte_view tail(protocol_version version) const noexcept {
    const bool properties = version == protocol_version::v5;
    return byte_view{body_}.subspan(topic_size_ + (properties ? 0 : shared_size_));
  }
  /// Head and tail.
  void append_to(bytes& out, const delivery& to) const;

private:
  /// The topic as it is written: with its length, or empty where the alias says it.
  [[nodiscard]] std::uint32_t topic_size(const delivery& to) const;
  [[nodiscard]] static std::uint32_t own_size(const delivery& to);
  [[nodiscard]] std::uint32_t remaining_length(const delivery& to) const;

  std::uint32_t topic_size_ = 0;  // with its length
  std::uint32_t shared_size_ = 0; // of the shared properties
  bytes body_;                    // topic, shared properties, payload
};

} // namespace kodama::mqtt
