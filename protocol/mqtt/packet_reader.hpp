#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/decode.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/fixed_header.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstdint>
#include <optional>

namespace kodama::mqtt {

/// Cuts a byte stream into packets, wherever the network cut it.
///
/// Usage: feed() what arrived, then next() until it is empty. What next() returned borrows the fed
/// bytes and is gone at the following call of either; a PUBLISH that lies whole in one feed is
/// neither copied nor, without user properties, does it allocate. Between two feeds only the
/// incomplete packet at the end is kept, and nothing at all when there is none, so an idle
/// connection holds no buffer. After an error the stream is broken for good: the reader repeats the
/// error and ignores what is fed, so an owner may go on feeding until it gets round to closing.
///
/// A server's reader learns its version from CONNECT, before which nothing else passes
/// [MQTT-3.1.0-1] and after which no second one does [MQTT-3.1.0-2].
class packet_reader {
public:
  /// A server's, of what a client sends.
  explicit packet_reader(std::uint32_t packet_size_max)
      : options_{endpoint::client, std::nullopt, packet_size_max} {}
  /// A client's, of what the server sends.
  packet_reader(std::uint32_t packet_size_max, protocol_version version)
      : options_{endpoint::server, version, packet_size_max} {}

  /// Borrows `input` until next() has returned empty or an error, or keep_rest() is called.
  void feed(byte_view input);
  [[nodiscard]] outcome<std::optional<packet>> next();
  /// The same in a place that is there (decode_into). False where it is empty.
  [[nodiscard]] outcome<bool> next_into(packet& to);

  /// Of the packet that comes next, as soon as its first byte is there; whether it is well-formed
  /// shows later.
  [[nodiscard]] std::optional<packet_type> next_type() const noexcept;
  /// In which version the peer can be answered; of a CONNECT that was refused, too
  /// (version_of_answer). Absent where the peer has not said, or speaks no MQTT.
  [[nodiscard]] std::optional<protocol_version> version() const noexcept {
    return options_.version;
  }
  void set_packet_size_max(std::uint32_t size) noexcept { options_.packet_size_max = size; }
  /// What was fed is borrowed no longer; for an owner that wants to have the rest later.
  void keep_rest();
  /// The bytes fed and not yet consumed: what a connection passes on when its owner changes.
  [[nodiscard]] bytes take_rest();

private:
  error break_off(error reason);
  outcome<void> read_body(const fixed_header& header, byte_view body, packet& to);

  decode_options options_;
  std::optional<error> broken_;
  bytes kept_;     // an incomplete packet, to be continued by the next feed
  byte_view rest_; // not yet consumed: in kept_ or in what the caller fed
};

} // namespace kodama::mqtt
