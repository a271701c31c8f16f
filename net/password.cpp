#include "net/password.hpp"

#include "protocol/assert.hpp"

#include <argon2.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace kodama::net {
namespace {

// RFC 9106 leaves the choice to the machine; this is the smaller of OWASP's two recommendations.
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t hash_size = 32;
constexpr std::string_view prefix = "$argon2id$";

} // namespace

std::string hash_password(std::string_view password, chance& random) {
  std::array<std::uint64_t, 2> salt{random.next(), random.next()};
  std::string text(argon2_encodedlen(passes, memory_kib, lanes, sizeof salt, hash_size, Argon2_id),
                   '\0');
  const int failed =
      argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(),
                            salt.data(), sizeof salt, hash_size, text.data(), text.size());
  KODAMA_ASSERT(failed == ARGON2_OK); // out of memory, or parameters that are wrong
  text.resize(std::strlen(text.c_str()));
  return text;
}

bool verify_password(std::string_view password, const std::string& hash) {
  return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

bool is_password_hash(std::string_view text) {
  return text.starts_with(prefix) && text.find_first_of(" \t\n:") == std::string_view::npos;
}

} // namespace kodama::net
