#include "apps/password_file.hpp"

#include "apps/whole_file.hpp"
#include "net/account_options.hpp"
#include "net/password.hpp"

#include <algorithm>

namespace kodama::apps {
namespace {

/// Where the user's line begins, if there is one.
std::optional<std::size_t> find_user(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const auto line = text.substr(at, text.find('\n', at) - at);
    if (line.size() > name.size() && line[name.size()] == ':' && line.starts_with(name))
      return at;
    at += line.size() + 1;
  }
  return std::nullopt;
}

} // namespace

parsed<void> check_user_name(const std::string& name) {
  if (name.empty())
    return refusal{"a user's name is not empty"};
  if (name == net::guest_name)
    return refusal{"\"" + name + "\" can't be a user's name: it is that of [anonymous]"};
  for (const char letter : name)
    if (static_cast<unsigned char>(letter) <= ' ' || letter == ':' || letter == '/' ||
        letter == '+' || letter == '#')
      return refusal{"\"" + name +
                     "\" can't be a user's name: it may hold no space, ':', '/', '+' or '#'"};
  return boost::system::in_place_value;
}

parsed<password_file> read_passwords(const std::string& path) {
  const auto lines = read_lines(path);
  if (!lines)
    return refusal{cannot_read(path)};
  password_file users;
  for (const auto& [number, at, line] : *lines) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !net::is_password_hash(line.substr(colon + 1)))
      return refusal{at + "expected NAME:HASH, as `kodama passwd` writes it, the hash whole, and " +
                     net::password_bounds};
    const auto name = line.substr(0, colon);
    if (const auto checked = check_user_name(name); !checked)
      return refusal{at + checked.error().reason};
    if (!users.emplace(name, line.substr(colon + 1)).second)
      return refusal{at + "\"" + name + "\" stands here twice"};
  }
  return users;
}

std::string with_password(std::string text, std::string_view name, std::string_view hash) {
  if (const auto at = find_user(text, name)) {
    const auto begin = *at + name.size() + 1;
    const auto end = std::min(text.find_first_of("\r\n", begin), text.size());
    return text.replace(begin, end - begin, hash);
  }
  if (!text.empty() && text.back() != '\n')
    text += '\n';
  return text.append(name).append(":").append(hash).append("\n");
}

std::optional<std::string> without_user(std::string text, std::string_view name) {
  const auto at = find_user(text, name);
  if (!at)
    return std::nullopt;
  const auto end = text.find('\n', *at);
  return text.erase(*at, end == std::string::npos ? end : end + 1 - *at);
}

} // namespace kodama::apps
