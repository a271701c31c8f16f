#pragma once

#include "client/client.hpp"

#include <string>
#include <string_view>

namespace kodama::apps {

/// "0x8001": how content types are written wherever a person reads them.
[[nodiscard]] std::string content_type_text(std::uint16_t type);

/// What somebody else wrote, as it may stand in a line on a terminal: control characters, which
/// that would obey, and what is not UTF-8 become "\x1b".
[[nodiscard]] std::string printable(std::string_view text);

/// Appends `text` as a JSON string, quotes included. Well-formed UTF-8 passes as it is; each byte
/// that is none becomes U+FFFD, since JSON has no words for it.
void append_json_string(std::string& to, std::string_view text);

/// Appends one line of JSON:
/// {"topic":"t","sequence":7,"sender":3,"type":"0x8001","transport":"tcp","payload":"hello"}
/// `sequence` is null where the message has no guarantee; a payload that is not UTF-8 stands in
/// "payload_base64" instead.
void append_json(std::string& to, const client_event::received& message);

/// {"presence":"joined","topic":"t","sequence":4,"client":3}
void append_json(std::string& to, const client_event::presence& change);

} // namespace kodama::apps
