#pragma once

#include "protocol/message.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/mqtt/publish_image.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <string>

namespace kodama::mqtt {

/// One message of a batch as MQTT says it, encoded once for all subscribers of each version.
struct publish_form {
  publish_form(const publish& what, instant expires)
      : plain{what, protocol_version::v3_1_1}
      , rich{what, protocol_version::v5}
      , expires_at{expires}
      , retain{what.retain}
      , is_empty{what.payload.empty()} {}

  [[nodiscard]] const publish_image& image(protocol_version version) const noexcept {
    return version == protocol_version::v5 ? rich : plain;
  }

  publish_image plain;
  publish_image rich;
  instant expires_at = never;
  bool retain = false;   ///< as its publisher said it
  bool is_empty = false; ///< no payload
};

/// How a user section's type and a Content Type stand for each other: type 0x8001 is
/// "kodama/8001"; 0x8000, which means nothing in particular, is no Content Type at all.
[[nodiscard]] std::string to_content_type(std::uint16_t user_section);
/// 0x8000 for a Content Type that is not one of ours, and for none.
[[nodiscard]] std::uint16_t to_user_section(std::string_view content_type) noexcept;

/// A native message as MQTT says it.
[[nodiscard]] publish_form to_publish_form(const message::publish& what);

} // namespace kodama::mqtt
