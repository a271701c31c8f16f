#pragma once

#include "net/http_reader.hpp"
#include "protocol/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::net {

/// What a request shows to prove who sends it.
struct http_credentials {
  std::string user;
  std::string secret;
};

/// Authorization: Bearer or Basic (RFC 6750, 7617), else the parameter `token`; both empty where
/// there is nothing, nothing where the header can't be understood.
[[nodiscard]] std::optional<http_credentials> credentials_in(const http_request& asked);

/// Whether `signature` ("sha256=" and 64 hexadecimal digits) is the HMAC of the body under the
/// secret, as code hosts sign their webhooks.
[[nodiscard]] bool is_signed(std::string_view body, std::string_view signature,
                             std::string_view secret);

// Bodies of answers, as JSON.

/// {"error": TEXT}
[[nodiscard]] std::string error_text(std::string_view text);
/// {"topic": TOPIC, "acknowledged": true}
[[nodiscard]] std::string published_text(std::string_view topic);
/// {"topic": TOPIC, "presence": NUMBER, "subscribers": [ID…]}
[[nodiscard]] std::string subscribers_text(std::string_view topic, presence_sequence presence,
                                           const std::vector<client_id>& clients);

} // namespace kodama::net
