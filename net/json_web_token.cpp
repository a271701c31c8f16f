#include "net/json_web_token.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
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

/// A string (RFC 7519, 4.1.1).
bool says(jwt_t* token, const char* name, const std::string& wanted) {
  const char* text = wanted.empty() ? nullptr : jwt_get_grant(token, name);
  return wanted.empty() || (text && wanted == text);
}

/// A string, or one of several (4.1.3).
bool says_among_others(jwt_t* token, const char* name, const std::string& wanted) {
  if (says(token, name, wanted))
    return true;
  const json_text text{jwt_get_grants_json(token, name), &std::free};
  if (!text)
    return false;
  boost::json::error_code failure;
  const auto list = boost::json::parse(text.get(), failure);
  const auto* several = failure ? nullptr : list.if_array();
  return several &&
         std::any_of(several->begin(), several->end(), [&](const boost::json::value& each) {
           return each.is_string() && each.get_string() == boost::json::string_view{wanted};
         });
}

/// Of ASCII. UTF-8 has no such bytes within longer characters.
bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// "RSA", "prime256v1" or whatever else; empty where it is no public key in PEM.
std::string kind_of_public_key(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
  ERR_clear_error();
  if (!key)
    return {};
  if (EVP_PKEY_is_a(key.get(), "RSA"))
    return "RSA";
  std::array<char, 64> curve{};
  if (EVP_PKEY_get_group_name(key.get(), curve.data(), curve.size(), nullptr) == 1)
    return curve.data();
  return EVP_PKEY_get0_type_name(key.get());
}

} // namespace

std::optional<std::string> fault_of(const json_web_key& key) {
  if (key.how == json_web_key::algorithm::hs256) {
    constexpr std::size_t least = 32;
    if (key.key.find("-----BEGIN") != std::string::npos)
      return "HS256 needs a shared secret, and this is a key in PEM: choose RS256 or ES256";
    if (key.key.size() < least)
      return "HS256 needs a secret of at least 32 bytes (RFC 7518, 3.2); it has " +
             std::to_string(key.key.size());
    return std::nullopt;
  }
  const std::string wanted = key.how == json_web_key::algorithm::rs256 ? "RSA" : "prime256v1";
  const auto kind = kind_of_public_key(key.key);
  if (kind == wanted)
    return std::nullopt;
  return "expected a public key in PEM (-----BEGIN PUBLIC KEY-----) of " +
         std::string{wanted == "RSA" ? "RSA" : "the curve P-256"} +
         (kind.empty() ? "; there is none" : "; it is one of " + kind);
}

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
  if (!says(raw, "iss", key.issuer) || !says_among_others(raw, "aud", key.audience))
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
