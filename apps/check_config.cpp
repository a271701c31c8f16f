#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/serve_config.hpp"
#include "apps/whole_file.hpp"
#include "net/account_gate.hpp"
#include "net/system_world.hpp"
#include "net/usage_file.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
Reads it as `kodama serve --config FILE` would, with every file that it names, opens no
port, and prints every mistake: file, line, key, what was expected.
Exit codes: 0 all is well; 1 there are mistakes.

Example:
  kodama check-config /etc/kodama/kodama.toml && systemctl reload kodama)";

/// What would end the start. That there is no file has been told.
config_mistakes check_usages(const serve_config& config) {
  const auto& server = config.server;
  if (server.usage_file.empty() || is_special(server.usage_file))
    return {};
  net::system_clock clock;
  net::system_chance random;
  net::account_gate gate{clock, server.accounts, random};
  std::string why;
  if (net::usage_file::read(server.usage_file, gate, why))
    return {};
  return {{place_of(config, "usage_file"), why}};
}

int run(const std::string& file) {
  serve_config config;
  auto mistakes = read_config(file, config);
  for (auto more : {check_everything(config), check_certificates(config), check_usages(config)})
    mistakes.insert(mistakes.end(), more.begin(), more.end());
  sort_by_line(mistakes);
  for (const auto& each : mistakes)
    std::fprintf(stderr, "kodama: check-config: %s\n", to_string(each).c_str());
  if (!mistakes.empty()) {
    std::fprintf(stderr, "kodama: check-config: %s: %zu mistake%s\n", file.c_str(), mistakes.size(),
                 mistakes.size() == 1 ? "" : "s");
    return 1;
  }
  const auto counted = [](std::size_t count, const char* what) {
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
  };
  const auto& accounts = config.server.accounts;
  std::printf("kodama: check-config: %s: all is well: %s, %s, %s, %s\n", file.c_str(),
              counted(config.listeners.size() + 1 + (config.mqtt ? 1 : 0), "listener").c_str(),
              counted(accounts.tokens.size(), "token").c_str(),
              counted(accounts.users.size(), "user").c_str(),
              counted(accounts.plans.size(), "plan").c_str());
  return 0;
}

} // namespace

void add_check_config(CLI::App& parent, int& exit_code) {
  auto* command = parent.add_subcommand("check-config", "Find every mistake in a configuration");
  command->footer(footer);
  const auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "TOML file")->required()->check(refuse_empty_name);
  command->callback([file, &exit_code] { exit_code = run(*file); });
}

} // namespace kodama::apps
