#pragma once

#include "apps/units.hpp"

#include <map>
#include <string>

namespace kodama::apps {

/// Users and the hashes of their passwords: one "NAME:HASH" a line; empty lines and lines that
/// begin with '#' do not count. What `kodama passwd` writes.
using password_file = std::map<std::string, std::string, std::less<>>;

/// A refusal names file and line.
[[nodiscard]] parsed<password_file> read_passwords(const std::string& path);

/// Why it can be no user's name, if it can't: it is one level of a topic, and ends before a colon.
[[nodiscard]] parsed<void> check_user_name(const std::string& name);

} // namespace kodama::apps
