#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::net {

/// A key by which JSON Web Tokens (RFC 7519) are believed, and what they have to say.
struct json_web_key {
  enum class algorithm { hs256, rs256, es256 };

  algorithm how{};
  std::string key;      ///< the shared secret, or the public key as PEM
  std::string issuer;   ///< "iss" has to be this; empty: whatever it is
  std::string audience; ///< likewise "aud", or one of them
};

/// What is wrong with the key itself: with an HS256 secret that is shorter than the hash (RFC 7518,
/// 3.2), or with a public key that is none of its algorithm.
[[nodiscard]] std::optional<std::string> fault_of(const json_web_key& key);

/// What a believed token says.
struct json_web_subject {
  std::string name;                       ///< "sub"
  std::optional<std::uint64_t> expires{}; ///< "exp", Unix seconds
};

/// Of a token that `key` has signed, and that is valid now; empty otherwise. The algorithm is the
/// key's, whatever the token's header says (RFC 8725, 3.1). A "sub" with a control character is
/// none.
[[nodiscard]] std::optional<json_web_subject>
subject_of(const std::string& token, const json_web_key& key, std::uint64_t unix_seconds);

/// Whether a text has the form of a signed token: three parts, two dots.
[[nodiscard]] bool looks_like_json_web_token(std::string_view text);

} // namespace kodama::net
