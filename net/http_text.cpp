#include "net/http_text.hpp"

#include <boost/json/src.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace kodama::net {
namespace {

boost::json::string_view view_of(std::string_view text) {
  return {text.data(), text.size()};
}

/// The scheme's name is not case sensitive (RFC 9110, 11.1).
bool takes_scheme(std::string_view& header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ')
    return false;
  for (std::size_t i = 0; i != scheme.size(); ++i)
    if ((header[i] | 0x20) != (scheme[i] | 0x20))
      return false;
  header.remove_prefix(scheme.size() + 1);
  return true;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0)
    return std::nullopt;
  const auto padding = std::count(text.end() - 2, text.end(), '=');
  out.resize(static_cast<std::size_t>(size - padding));
  return out;
}

} // namespace

std::optional<http_credentials> credentials_in(const http_request& asked) {
  std::string_view header{asked.authorization};
  if (header.empty())
    return http_credentials{{}, std::string{asked.parameter("token")}};
  if (takes_scheme(header, "Bearer"))
    return http_credentials{{}, std::string{header}};
  if (!takes_scheme(header, "Basic"))
    return std::nullopt;
  const auto both = base64_decoded(header);
  const auto colon = both ? both->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return std::nullopt;
  return http_credentials{both->substr(0, colon), both->substr(colon + 1)};
}

bool is_signed(std::string_view body, std::string_view signature, std::string_view secret) {
  std::array<unsigned char, 32> digest{};
  unsigned size = digest.size();
  if (!HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
            reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &size))
    return false;
  std::string expected = "sha256=";
  for (const auto each : digest) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(each));
    expected += digits;
  }
  return signature.size() == expected.size() &&
         CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

std::string error_text(std::string_view text) {
  boost::json::object all;
  all["error"] = view_of(text);
  return boost::json::serialize(all) + '\n';
}

std::string published_text(std::string_view topic) {
  boost::json::object all;
  all["topic"] = view_of(topic);
  all["acknowledged"] = true;
  return boost::json::serialize(all) + '\n';
}

std::string subscribers_text(std::string_view topic, presence_sequence presence,
                             const std::vector<client_id>& clients) {
  boost::json::object all;
  all["topic"] = view_of(topic);
  all["presence"] = presence;
  auto& ids = all["subscribers"].emplace_array();
  for (const auto each : clients)
    ids.emplace_back(each);
  return boost::json::serialize(all) + '\n';
}

} // namespace kodama::net
