#pragma once

#include "apps/serve_config.hpp"

#include <toml++/toml.h>

#include <functional>
#include <map>
#include <string>

namespace kodama::apps {

/// Puts one value where it belongs; the refusal says what was expected.
using setter = std::function<parsed<void>(const toml::node& value)>;
/// By the key's whole name: "limits.message_size_max".
using setters = std::map<std::string, setter, std::less<>>;

[[nodiscard]] setter text_setter(std::string& to);
[[nodiscard]] setter yes_or_no_setter(bool& to);
[[nodiscard]] setter endpoint_setter(host_port& to);
/// One text, or several in brackets; `what` they are, for the refusal.
[[nodiscard]] setter texts_setter(std::vector<std::string>& to, const char* what);
/// What is wrong with any of them, one after the other; `fault_of` says nothing of those that are
/// right.
[[nodiscard]] parsed<void>
judge_each(const std::vector<std::string>& texts,
           const std::function<std::string(const std::string& text)>& fault_of);
[[nodiscard]] setter size_setter(std::uint64_t& to, std::uint64_t least);
[[nodiscard]] setter number_setter(std::uint64_t& to, std::uint64_t least, std::uint64_t most);

/// All keys but those of tables that may come several times ([[listener]], [tls.NAME]).
[[nodiscard]] setters keys_of(serve_config& config);

/// Likewise for one [[listener]] and one [tls.NAME]; the names are those within the table.
[[nodiscard]] setters keys_of(listener_config& listener);
[[nodiscard]] setters keys_of(actors::plan& plan);
[[nodiscard]] setters keys_of(net::account_options::user& user);
[[nodiscard]] setters keys_of(net::account_options::guest& guest);
[[nodiscard]] setters keys_of(net::account_options::signer& signer, std::string& key_file);
[[nodiscard]] setters keys_of(net::tls_options& tls, std::vector<std::string>& certificates,
                              std::vector<std::string>& keys);

} // namespace kodama::apps
