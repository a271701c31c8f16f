#include "apps/command_status.hpp"
#include "apps/commands.hpp"
#include "apps/drawing_options.hpp"
#include "apps/shell_word.hpp"
#include "apps/shrink_run.hpp"
#include "apps/units.hpp"
#include "apps/whole_file.hpp"
#include "sim/faults.hpp"
#include "sim/story_focus.hpp"
#include "sim/story_page.hpp"
#include "sim/story_text.hpp"
#include "sim/world.hpp"

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
--around takes a message (0#12), a session (1/7), a host (user-3, server), a topic
(topic/0), an event of the story (#412) or a moment in seconds (12.5).

The exit status is 1 when a promise was broken.

Example:
  kodama replay 4711
  kodama replay 4711 --around 0#12
  kodama replay 4711 --html story.html
  kodama replay 4711 --scenario > failure.scenario; kodama replay failure.scenario)";

struct replay_command {
  std::string what;
  sim::drawing drawn;
  bool hash = false;
  bool scenario = false;
  bool verbose = false;
  std::string around;
  std::string html;
};

// Enough to see what happened meanwhile, and to look up more.
constexpr std::size_t context_lines = 2;

int fail(const std::string& text) {
  std::fprintf(stderr, "kodama: replay: %s\n", text.c_str());
  return 2;
}

std::string command_line(const replay_command& command) {
  return "kodama replay " + shell_word(command.what) + flags_of(command.drawn);
}

void print(const sim::run_story& told, const std::string& text) {
  std::printf("%s: %zu users, %zu events\n\n%s\n%s", told.command.c_str(),
              static_cast<std::size_t>(told.users), told.events.size(), text.c_str(),
              sim::summarise(told).c_str());
}

/// 0, or 2 where something went wrong with what was asked for.
int tell(const replay_command& command, const sim::run_story& told,
         const std::optional<sim::story_focus>& focus) {
  const auto detail =
      command.verbose ? sim::story_detail::everything : sim::story_detail::essential;
  if (!command.html.empty()) {
    if (!write_whole(command.html, sim::story_page(told)))
      return fail("--html: " + cannot_write(command.html));
    if (!focus) {
      std::fputs(sim::summarise(told).c_str(), stdout);
      return 0;
    }
  }
  if (!focus) {
    print(told, narrate(told, detail));
    return 0;
  }
  const auto found = focus->find(told);
  if (found.empty())
    return fail("--around: nothing in this run is about \"" + command.around + '"');
  print(told, narrate(told, detail, found, context_lines));
  return 0;
}

int run(const replay_command& command) {
  std::optional<sim::story_focus> focus;
  if (!command.around.empty()) {
    auto asked = sim::story_focus::parse(command.around);
    if (!asked)
      return fail("--around: " + asked.error());
    focus = std::move(*asked);
  }
  const auto loaded = load_scenario(command.what, command.drawn);
  if (!loaded)
    return fail(loaded.error().reason);
  if (command.scenario) {
    std::fputs(sim::to_text(loaded->what).c_str(), stdout);
    return 0;
  }
  sim::trace history{command.hash ? sim::trace::keep::hash : sim::trace::keep::text};
  const auto verdict = sim::run(loaded->what, history);
  if (command.hash) {
    std::printf("%016" PRIx64 "\n", verdict.trace_hash);
    return verdict.passed() ? 0 : 1;
  }
  const auto told = sim::tell_story(loaded->what, verdict, history, command_line(command));
  if (const auto failed = tell(command, told, focus); failed != 0)
    return failed;
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
  add_drawing_options(*command, options->drawn);
  auto* hash = command->add_flag("--hash", options->hash, "Print the trace hash alone");
  auto* scenario =
      command->add_flag("--scenario", options->scenario, "Print the scenario instead of running it")
          ->excludes(hash);
  // Neither tells a story.
  for (auto* option :
       {command->add_flag("--verbose", options->verbose,
                          "Tell everything, keepalive and bytes as well"),
        command->add_option("--around", options->around, "Tell only what concerns this")
            ->type_name("WHAT"),
        command->add_option("--html", options->html, "Write the story as a page to look at, too")
            ->type_name("FILE")})
    option->excludes(hash)->excludes(scenario);
  command->callback(
      [options, &exit_code] { exit_code = status_of("replay", [&] { return run(*options); }); });
}

} // namespace kodama::apps
