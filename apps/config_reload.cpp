#include "apps/config_reload.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kodama::apps {
namespace {

bool is_taken_over(std::string_view key) {
  return key == "tokens" || key == "log_level" || key.starts_with("tls.");
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
  if (now.server.tokens.empty() != running_.server.tokens.empty()) {
    spdlog::warn("reload: tokens: {} takes a restart",
                 now.server.tokens.empty() ? "to serve without any" : "to ask for any");
  } else if (!now.server.tokens.empty()) {
    spdlog::info("reload: tokens: {} are accepted; who is connected stays",
                 now.server.tokens.size());
    taken.tokens = std::move(now.server.tokens);
  }
  return taken;
}

void config_reload::tell_what_waits(const serve_config& now) {
  // Against the start, not the last reading: what waited then still waits.
  for (const auto& key : keys_that_need_a_restart(running_.written, now.written))
    spdlog::warn("reload: {} has changed; it takes a restart", key);
}

} // namespace kodama::apps
