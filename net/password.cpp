#include "net/password.hpp"

#include "protocol/assert.hpp"

#include <argon2.h>

#include <array>
#include <charconv>
#include <cstring>

namespace kodama::net {
namespace {

// RFC 9106 leaves the choice to the machine; this is the smaller of OWASP's two recommendations.
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t hash_size = 32;
constexpr std::string_view prefix = "$argon2id$v=19$";

/// Reads a number behind its name, if it is in range, and takes both off the text.
bool take_number(std::string_view& text, std::string_view name, std::uint32_t least,
                 std::uint32_t most) {
  if (!text.starts_with(name))
    return false;
  text.remove_prefix(name.size());
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || number < least || number > most)
    return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// Without padding, as Argon2 writes it.
bool is_base64(std::string_view text, std::size_t bytes_least) {
  const auto letters = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789+/");
  return letters == std::string_view::npos && text.size() % 4 != 1 &&
         text.size() * 3 / 4 >= bytes_least;
}

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
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  if (!take_number(text, "m=", ARGON2_MIN_MEMORY, password_memory_max_kib) ||
      !take_number(text, ",t=", 1, password_passes_max) ||
      !take_number(text, ",p=", 1, password_lanes_max) || !text.starts_with('$'))
    return false;
  text.remove_prefix(1);
  const auto end = text.find('$');
  return end != std::string_view::npos && is_base64(text.substr(0, end), ARGON2_MIN_SALT_LENGTH) &&
         is_base64(text.substr(end + 1), password_digest_least);
}

} // namespace kodama::net
