#include "apps/config_reload.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kodama::apps {
namespace {

bool is_taken_over(std::string_view key) {
  return key == "tokens" || key == "passwords" || key == "log_level" || key.starts_with("tls.") ||
         key.starts_with("users.") || key.starts_with("plans.") || key.starts_with("jwt[") ||
         key.starts_with("anonymous.");
}

} // namespace

std::vector<std::string>
keys_that_need_a_restart(const std::map<std::string, std::string, std::less<>>& before,
                         const std::map<std::string, std::string, std::less<>>& now) {
  std::vector<std::string> found;
  for (const auto& [key, value] : before)
    if (const auto at = now.find(key); at == now.end() || at->second != value)
      found.push_back(key);
  for (const auto& [key, value] : now)
    if (!before.contains(key))
      found.push_back(key);
  std::erase_if(found, is_taken_over);
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<net::reloaded> config_reload::read() {
  serve_config now;
  const auto mistakes = load_config(flags_, now);
  for (const auto& each : mistakes)
    spdlog::error("reload: {}", to_string(each));
  if (!mistakes.empty()) {
    spdlog::error("reload: nothing was changed");
    return std::nullopt;
  }
  tell_what_waits(now);
  spdlog::set_level(spdlog::level::from_str(now.log_level));
  net::reloaded taken;
  taken.tls = std::move(now.server.tls);
  if (now.server.accounts.empty() && !accepted_.empty()) {
    // Whoever is protected by tokens is not to lose them by a slip.
    spdlog::warn("reload: to serve without tokens and users takes a restart; they are kept");
    taken.accounts = accepted_;
  } else {
    taken.accounts = accepted_ = std::move(now.server.accounts);
    spdlog::info("reload: {} tokens and {} users are accepted; who is connected stays",
                 taken.accounts.tokens.size(), taken.accounts.users.size());
  }
  return taken;
}

void config_reload::tell_what_waits(const serve_config& now) {
  // Against the start, not the last reading: what waited then still waits.
  for (const auto& key : keys_that_need_a_restart(running_.written, now.written))
    spdlog::warn("reload: {} has changed; it takes a restart", key);
}

} // namespace kodama::apps
