#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/packet.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::mqtt {

/// Takes the fields of one packet off its front and remembers the first thing that is wrong, so
/// that a decoder reads like the table in the specification. After that nothing is left to take:
/// every field reads as zero or empty, and loops over what remains come to their end.
class field_reader {
public:
  field_reader(packet_type type, protocol_version version, byte_view body)
      : type_{type}
      , version_{version}
      , rest_{body} {}

  [[nodiscard]] protocol_version version() const noexcept { return version_; }
  /// CONNECT says itself by which version it is to be read.
  void set_version(protocol_version version) noexcept { version_ = version; }
  [[nodiscard]] bool is_v5() const noexcept { return version_ == protocol_version::v5; }
  [[nodiscard]] packet_type type() const noexcept { return type_; }

  [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }

  std::uint8_t u8(std::string_view field);
  std::uint16_t u16(std::string_view field);
  std::uint32_t u32(std::string_view field);
  /// A Variable Byte Integer (1.5.5).
  std::uint32_t variable(std::string_view field);
  /// A UTF-8 Encoded String (1.5.4), checked.
  std::string_view text(std::string_view field);
  /// Binary Data (1.5.6).
  byte_view binary(std::string_view field);
  /// All that is left.
  byte_view rest();

  /// A Packet Identifier, which is never 0.
  mqtt::packet_id id();
  /// A topic name to publish to: a string without wildcards and not empty.
  std::string_view topic_name(std::string_view field);
  /// The same of a text that was already taken.
  void require_topic_name(std::string_view field, std::string_view name, std::string_view clause);

  /// Only the first failure counts. `what` follows the name of the packet and of the field.
  void fail(reason_code reason, std::string_view field, const std::string& what,
            std::string_view clause);
  void malformed(std::string_view field, const std::string& what, std::string_view clause) {
    fail(reason_code::malformed_packet, field, what, clause);
  }
  void violation(std::string_view field, const std::string& what, std::string_view clause) {
    fail(reason_code::protocol_error, field, what, clause);
  }
  /// One of two clauses: the two versions number the same rule differently.
  [[nodiscard]] std::string_view clause(std::string_view v3_1_1,
                                        std::string_view v5) const noexcept {
    return is_v5() ? v5 : v3_1_1;
  }

  /// What was wrong, if anything was or something is left over.
  [[nodiscard]] outcome<void> finish();

private:
  /// Empty, with the error set, where there are fewer bytes.
  byte_view take(std::size_t size, std::string_view field);
  void trailing();

  packet_type type_;
  protocol_version version_;
  byte_view rest_;
  std::optional<error> error_;
};

/// The text in quotes, as ASCII and not too long, for the text of an error.
[[nodiscard]] std::string quoted(std::string_view text);

/// "0x1f"
[[nodiscard]] std::string hex(std::uint8_t value);

} // namespace kodama::mqtt
