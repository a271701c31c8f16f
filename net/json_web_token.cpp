#include "net/json_web_token.hpp"

#include <jwt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

namespace kodama::net {
namespace {

using decoded = std::unique_ptr<jwt_t, decltype(&jwt_free)>;
using json_text = std::unique_ptr<char, decltype(&std::free)>;

jwt_alg_t number_of(json_web_key::algorithm how) {
  switch (how) {
  case json_web_key::algorithm::hs256: return JWT_ALG_HS256;
  case json_web_key::algorithm::rs256: return JWT_ALG_RS256;
  case json_web_key::algorithm::es256: return JWT_ALG_ES256;
  }
  return JWT_ALG_INVAL;
}

/// Empty where there is none; a time before 1970 is 0, and of a second only its begin counts. False
/// where it is no number.
bool read_seconds(jwt_t* token, const char* name, std::optional<std::uint64_t>& to) {
  const json_text text{jwt_get_grants_json(token, name), &std::free};
  if (!text)
    return true;
  const std::string_view shown{text.get()};
  double value = 0;
  const auto read = std::from_chars(shown.data(), shown.data() + shown.size(), value);
  if (read.ec != std::errc{} || read.ptr != shown.data() + shown.size())
    return false;
  constexpr double most = 9e18;
  to = static_cast<std::uint64_t>(std::clamp(value, 0.0, most));
  return true;
}

bool says(jwt_t* token, const char* name, const std::string& wanted) {
  if (wanted.empty())
    return true;
  if (const char* text = jwt_get_grant(token, name))
    return wanted == text;
  // Several: a JSON array of strings.
  const json_text list{jwt_get_grants_json(token, name), &std::free};
  return list && std::string_view{list.get()}.find('"' + wanted + '"') != std::string_view::npos;
}

/// Of ASCII. UTF-8 has no such bytes within longer characters.
bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

} // namespace

std::optional<json_web_subject> subject_of(const std::string& token, const json_web_key& key,
                                           std::uint64_t unix_seconds) {
  jwt_t* raw = nullptr;
  const auto* secret = reinterpret_cast<const unsigned char*>(key.key.data());
  if (jwt_decode(&raw, token.c_str(), secret, static_cast<int>(key.key.size())) != 0)
    return std::nullopt;
  const decoded what{raw, &jwt_free};
  // Without this, a token "signed" by HS256 with the public key as its secret would be believed.
  if (jwt_get_alg(raw) != number_of(key.how))
    return std::nullopt;
  std::optional<std::uint64_t> expires;
  std::optional<std::uint64_t> begins;
  if (!read_seconds(raw, "exp", expires) || !read_seconds(raw, "nbf", begins))
    return std::nullopt;
  if ((expires && *expires <= unix_seconds) || (begins && *begins > unix_seconds))
    return std::nullopt;
  if (!says(raw, "iss", key.issuer) || !says(raw, "aud", key.audience))
    return std::nullopt;
  const char* subject = jwt_get_grant(raw, "sub");
  if (!subject || *subject == '\0')
    return std::nullopt;
  // It becomes a name in logs, metrics and the usage file.
  if (has_control_character(subject)) {
    spdlog::warn("a signed token was refused: its sub has a control character");
    return std::nullopt;
  }
  return json_web_subject{subject, expires};
}

bool looks_like_json_web_token(std::string_view text) {
  return text.size() > 16 && std::count(text.begin(), text.end(), '.') == 2;
}

} // namespace kodama::net
