#include "net/password.hpp"

#include "protocol/assert.hpp"

#include <argon2.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace kodama::net {
namespace {

// RFC 9106 leaves the choice to the machine; this is the smaller of OWASP's two recommendations.
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t hash_size = 32;
constexpr std::string_view prefix = "$argon2id$v=19$";

/// A number behind its name, taken off the text; nothing where it is out of range.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view name,
                                         std::uint32_t least, std::uint32_t most) {
  if (!text.starts_with(name))
    return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || number < least || number > most || text.starts_with('0'))
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// How many bytes it stands for, without padding, as Argon2 writes it; 0: it is no base64.
std::size_t bytes_in_base64(std::string_view text) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.find_first_not_of(letters) != std::string_view::npos)
    return 0;
  const auto last = letters.find(text.back());
  const auto bits_left_over = text.size() % 4 == 2 ? 4 : text.size() % 4 == 3 ? 2 : 0;
  const bool whole = text.size() % 4 != 1 && last % (std::size_t{1} << bits_left_over) == 0;
  return whole ? text.size() * 3 / 4 : 0;
}

/// Such as are used. One that was cut short has mostly none of these.
bool is_digest(std::string_view text) {
  const auto size = bytes_in_base64(text);
  return size == 16 || size == 24 || size == 32 || size == 48 || size == 64;
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
  const auto memory = take_number(text, "m=", 1, password_memory_max_kib);
  const auto passes_asked = take_number(text, ",t=", 1, password_passes_max);
  const auto lanes_asked = take_number(text, ",p=", 1, password_lanes_max);
  if (!memory || !passes_asked || !lanes_asked || *memory < 8 * *lanes_asked || // RFC 9106, 3.1
      !text.starts_with('$'))
    return false;
  text.remove_prefix(1);
  const auto end = text.find('$');
  return end != std::string_view::npos &&
         bytes_in_base64(text.substr(0, end)) >= ARGON2_MIN_SALT_LENGTH &&
         is_digest(text.substr(end + 1));
}

} // namespace kodama::net
