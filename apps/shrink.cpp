#include "apps/command_status.hpp"
#include "apps/commands.hpp"
#include "apps/drawing_options.hpp"
#include "apps/jobs_option.hpp"
#include "apps/parsed_option.hpp"
#include "apps/shell_word.hpp"
#include "apps/shrink_run.hpp"
#include "apps/units.hpp"
#include "apps/whole_file.hpp"

#include <cinttypes>
#include <cstdio>
#include <memory>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
Leaves out and makes smaller whatever the failure does not need: users, topics,
operations, faults, counts, sizes, times. The result breaks the same promise in the
same way. An interrupt (Ctrl-C) ends it with the smallest scenario found so far.

The exit status is 0 when one was written, 1 when SEED or FILE does not fail, and 2
for wrong usage or a file that cannot be read or written.

Example:
  kodama shrink 4711 -o small.scenario; kodama replay small.scenario)";

struct shrink_command {
  std::string what;
  sim::drawing drawn;
  std::string output;
  std::string test;
  shrink_options options;
};

int fail(const std::string& text) {
  std::fprintf(stderr, "kodama: shrink: %s\n", text.c_str());
  return 2;
}

int run(shrink_command& command) {
  const auto loaded = load_scenario(command.what, command.drawn);
  if (!loaded)
    return fail(loaded.error().reason);
  for (const auto* path : {&command.output, &command.test})
    if (!path->empty() && !can_write(*path))
      return fail(cannot_write(*path));
  command.options.show = true;
  const auto shrunk = shrink_failure(loaded->what, command.options);
  if (!shrunk)
    return fail(cannot_start(command.options.jobs, shrunk.error()));
  const auto& made = *shrunk;
  if (!made) {
    std::fprintf(stderr, "kodama: shrink: %s keeps every promise: there is nothing to shrink\n",
                 loaded->origin.c_str());
    return 1;
  }
  const auto text = file_of(made->smallest, made->how, loaded->origin);
  if (command.output.empty())
    std::fputs(text.c_str(), stdout);
  else if (!write_whole(command.output, text))
    return fail(cannot_write(command.output));
  if (!command.test.empty() &&
      !write_whole(command.test, test_of(made->smallest, made->how, loaded->origin)))
    return fail(cannot_write(command.test));
  std::fprintf(stderr, "%s: %s\n", made->how.promise.c_str(), made->how.text.c_str());
  std::fprintf(stderr, "from %s to %s, in %.1f s and %" PRIu64 " runs%s\n",
               to_text(extent_of(loaded->what)).c_str(), to_text(extent_of(made->smallest)).c_str(),
               made->took.count(), made->tried,
               made->is_done ? "" : "; more time might make it smaller");
  if (!command.output.empty())
    std::fprintf(stderr, "replay it: kodama replay %s\n", shell_word(command.output).c_str());
  return 0;
}

} // namespace

void add_shrink(CLI::App& parent, int& exit_code) {
  auto* command =
      parent.add_subcommand("shrink", "Make a failing seed or scenario as simple as it gets");
  command->footer(footer);
  const auto options = std::make_shared<shrink_command>();
  command->add_option("what", options->what, "A seed, or a scenario file")
      ->required()
      ->type_name("SEED|FILE");
  command->add_option("-o,--output", options->output, "The result (default: standard output)")
      ->type_name("FILE");
  command->add_option("--emit-test", options->test, "Also write a GoogleTest that contains it")
      ->type_name("FILE");
  add_drawing_options(*command, options->drawn);
  add_parsed_option(*command, "--for", options->options.at_most, parse_duration,
                    "Time at most (default: 30s)")
      ->type_name("TIME");
  add_jobs_option(*command, options->options.jobs);
  command->callback(
      [options, &exit_code] { exit_code = status_of("shrink", [&] { return run(*options); }); });
}

} // namespace kodama::apps
