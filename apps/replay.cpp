#include "apps/commands.hpp"
#include "apps/units.hpp"
#include "sim/faults.hpp"
#include "sim/world.hpp"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
The exit status is 1 when a promise was broken.

Example:
  kodama replay 4711
  kodama replay 4711 --scenario > failure.scenario; kodama replay failure.scenario)";

struct replay_command {
  std::string what;
  std::string profile = "swarm";
  bool hash = false;
  bool scenario = false;
};

int fail(const std::string& text) {
  std::fprintf(stderr, "kodama: replay: %s\n", text.c_str());
  return 2;
}

parsed<sim::scenario> load(const replay_command& command) {
  const auto profile = sim::parse_fault_profile(command.profile);
  if (!profile)
    return refusal{"--profile: \"" + command.profile +
                   "\" is unknown; expected none, lossy, mobile, hostile or swarm"};
  if (const auto seed = parse_number(command.what))
    return sim::scenario::draw(*seed, *profile);
  std::ifstream in{command.what};
  if (!in)
    return refusal{"\"" + command.what + "\" is neither a seed nor a file that can be read"};
  std::ostringstream text;
  text << in.rdbuf();
  const auto read = sim::parse_scenario(text.str());
  if (!read)
    return refusal{command.what + ":" + std::to_string(read.error().line) + ":" +
                   std::to_string(read.error().column) + ": expected " + read.error().expected};
  return *read;
}

int run(const replay_command& command) {
  const auto loaded = load(command);
  if (!loaded)
    return fail(loaded.error().reason);
  if (command.scenario) {
    std::fputs(sim::to_text(*loaded).c_str(), stdout);
    return 0;
  }
  sim::trace history{command.hash ? sim::trace::keep::hash : sim::trace::keep::text};
  const auto verdict = sim::run(*loaded, history);
  if (command.hash) {
    std::printf("%016" PRIx64 "\n", verdict.trace_hash);
    return verdict.passed() ? 0 : 1;
  }
  // Violations are told where they happened.
  auto next = verdict.violations.begin();
  const auto tell = [&](const sim::violation& broken) {
    std::printf("%12.6f *** %.*s broken: %s\n",
                std::chrono::duration<double>(broken.when.time_since_epoch()).count(),
                static_cast<int>(broken.promise.size()), broken.promise.data(),
                broken.text.c_str());
  };
  for (const auto& record : history.records()) {
    for (; next != verdict.violations.end() && next->when < record.when; ++next)
      tell(*next);
    if (!record.text.empty())
      std::printf("%s\n", history.line(record).c_str());
  }
  for (; next != verdict.violations.end(); ++next)
    tell(*next);
  std::printf("trace hash %016" PRIx64 "; %zu promises broken\n", verdict.trace_hash,
              verdict.violations.size());
  return verdict.passed() ? 0 : 1;
}

} // namespace

void add_replay(CLI::App& parent, int& exit_code) {
  auto* command =
      parent.add_subcommand("replay", "Run one seed or scenario file again, told as a story");
  command->footer(footer);
  const auto options = std::make_shared<replay_command>();
  command->add_option("what", options->what, "A seed, or a scenario file")
      ->required()
      ->type_name("SEED|FILE");
  command->add_option("--profile", options->profile, "The faults of a seed (default: swarm)")
      ->type_name("P");
  command->add_flag("--hash", options->hash, "Print the trace hash alone");
  command->add_flag("--scenario", options->scenario, "Print the scenario instead of running it");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

} // namespace kodama::apps
