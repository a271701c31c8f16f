#pragma once

#include "protocol/chance.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kodama::net {

/// Passwords are kept as Argon2id hashes (RFC 9106) in the usual text form, "$argon2id$v=19$...":
/// 19 MiB and two passes, about 20 ms each. That is meant to be slow, so nobody who serves
/// connections calls these: it blocks.

[[nodiscard]] std::string hash_password(std::string_view password, chance& random);
[[nodiscard]] bool verify_password(std::string_view password, const std::string& hash);

/// A hash from elsewhere may ask for so much work for every attempt to come in, and no more.
constexpr std::uint32_t password_memory_max_kib = 1024 * 1024;
constexpr std::uint32_t password_passes_max = 100;
constexpr std::uint32_t password_lanes_max = 64;
/// The same in words.
constexpr const char* password_bounds = "of 1 GiB, 100 passes and 64 lanes at most";

/// Whether a text is such a hash: of version 19 (0x13), within these bounds, and with a digest of
/// 16, 24, 32, 48 or 64 bytes. What is none would be a user whom no password lets in.
[[nodiscard]] bool is_password_hash(std::string_view text);

} // namespace kodama::net
