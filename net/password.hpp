#pragma once

#include "protocol/chance.hpp"

#include <string>
#include <string_view>

namespace kodama::net {

/// Passwords are kept as Argon2id hashes (RFC 9106) in the usual text form, "$argon2id$v=19$...":
/// 19 MiB and two passes, about 20 ms each. That is meant to be slow, so nobody who serves
/// connections calls these: it blocks.

[[nodiscard]] std::string hash_password(std::string_view password, chance& random);
[[nodiscard]] bool verify_password(std::string_view password, const std::string& hash);
/// Whether a text has the form of such a hash.
[[nodiscard]] bool is_password_hash(std::string_view text);

} // namespace kodama::net
