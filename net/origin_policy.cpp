#include "net/origin_policy.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <optional>

namespace kodama::net {
namespace {

constexpr std::size_t shown_max = 256;

struct parts {
  std::string_view scheme;
  std::string_view host; ///< an IPv6 address with its brackets
  std::string_view port; ///< empty: the scheme's
};

bool consists_of(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') ||
           more.find(each) != std::string_view::npos;
  });
}

/// Of one in small letters.
std::optional<parts> split(std::string_view origin) {
  parts found;
  const auto colon = origin.find("://");
  if (colon == std::string_view::npos)
    return std::nullopt;
  found.scheme = origin.substr(0, colon);
  origin.remove_prefix(colon + 3);
  const auto host_end = origin.starts_with('[') ? origin.find(']') + 1 : origin.find(':');
  found.host = origin.substr(0, host_end);
  origin.remove_prefix(found.host.size());
  if (!origin.empty()) {
    found.port = origin.substr(1);
    if (!origin.starts_with(':') || found.port.empty() ||
        found.port.find_first_not_of("0123456789") != std::string_view::npos)
      return std::nullopt;
  }
  const bool good = consists_of(found.scheme, "+-.") &&
                    consists_of(found.host, found.host.starts_with('[') ? "[]:." : "-._");
  return good ? std::optional{found} : std::nullopt;
}

std::string in_small_letters(std::string_view text) {
  std::string small{text};
  for (char& each : small)
    if (each >= 'A' && each <= 'Z')
      each = static_cast<char>(each - 'A' + 'a');
  return small;
}

/// As browsers write it: in small letters, without the port that its scheme has anyway.
std::string normal(std::string_view origin) {
  auto small = in_small_letters(origin);
  const auto found = split(small);
  if (found && ((found->scheme == "https" && found->port == "443") ||
                (found->scheme == "http" && found->port == "80")))
    small.resize(small.size() - found->port.size() - 1);
  return small;
}

bool is_local(std::string_view origin) {
  const auto small = in_small_letters(origin);
  const auto found = split(small);
  if (!found)
    return false;
  // Browsers resolve these themselves (RFC 6761, 6.3).
  if (found->host == "localhost" || found->host.ends_with(".localhost"))
    return true;
  auto host = found->host;
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(std::string{host}, failure);
  return !failure && address.is_loopback();
}

} // namespace

origin_policy::origin_policy(const std::vector<std::string>& listed, others unlisted)
    : unlisted_{unlisted} {
  for (const auto& each : listed)
    listed_.push_back(normal(each));
}

bool origin_policy::admits(std::string_view origin) const {
  if (origin.empty())
    return true;
  if (listed_.empty())
    return unlisted_ == others::all || is_local(origin);
  const auto asked = normal(origin);
  return std::any_of(listed_.begin(), listed_.end(),
                     [&](const auto& each) { return each == "*" || each == asked; });
}

bool origin_policy::admits_host(std::string_view host) const {
  return host.empty() || !listed_.empty() || unlisted_ == others::all ||
         is_local("http://" + std::string{host});
}

std::string origin_policy::refusal(std::string_view origin) const {
  const auto shown = std::string{origin.substr(0, shown_max)};
  return listed_.empty()
             ? "Without tokens or users only pages of this machine may come in, and not "
               "those of " +
                   shown + "; list them in origins."
             : "Pages of " + shown + " are not among the origins of this server.";
}

bool origin_policy::is_origin(std::string_view text) {
  return text == "*" || text == "null" || split(in_small_letters(text));
}

} // namespace kodama::net
