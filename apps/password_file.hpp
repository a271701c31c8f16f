#pragma once

#include "apps/units.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::apps {

/// Users and the hashes of their passwords: one "NAME:HASH" a line; empty lines and lines that
/// begin with '#' do not count. What `kodama passwd` writes.
using password_file = std::map<std::string, std::string, std::less<>>;

/// A refusal names file and line.
[[nodiscard]] parsed<password_file> read_passwords(const std::string& path);

/// The text of such a file with that hash as the user's, in the place of the old one or at the end;
/// everything else stays as it is, comments and ends of lines too.
[[nodiscard]] std::string with_password(std::string text, std::string_view name,
                                        std::string_view hash);

/// The same without that user; empty where there is none.
[[nodiscard]] std::optional<std::string> without_user(std::string text, std::string_view name);

/// Why it can be no user's name, if it can't: it is one level of a topic, and ends before a colon.
[[nodiscard]] parsed<void> check_user_name(const std::string& name);

} // namespace kodama::apps
