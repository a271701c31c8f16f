#pragma once

#include "protocol/message.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/mqtt/publish_image.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <string>

namespace kodama::mqtt {

/// One message of a batch as MQTT says it, encoded once for all subscribers.
struct publish_form {
  publish_form(const publish& what, instant expires, std::uint16_t content_type)
      : image{what}
      , expires_at{expires}
      , user_section{content_type}
      , retain{what.retain} {}

  publish_image image;
  instant expires_at = never;
  std::uint16_t user_section = 0; ///< which the payload is to a native subscriber
  bool retain = false;            ///< as its publisher said it
};

/// How a user section's type and a Content Type stand for each other: type 0x8001 is
/// "kodama/8001"; 0x8000, which means nothing in particular, is no Content Type at all.
[[nodiscard]] std::string to_content_type(std::uint16_t user_section);
/// 0x8000 for a Content Type that is not one of ours, and for none.
[[nodiscard]] std::uint16_t to_user_section(std::string_view content_type) noexcept;

/// A message of an MQTT client.
[[nodiscard]] publish_form to_publish_form(const publish& what, instant expires);
/// A native message as MQTT says it.
[[nodiscard]] publish_form to_publish_form(const message::publish& what);
/// What a native subscriber gets of it; the numbers and the sender are for others to fill in.
[[nodiscard]] message::publish to_native(const publish_form& what);

} // namespace kodama::mqtt
