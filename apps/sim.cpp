#include "apps/campaign.hpp"
#include "apps/campaign_report.hpp"
#include "apps/command_status.hpp"
#include "apps/commands.hpp"
#include "apps/drawing_options.hpp"
#include "apps/interruption.hpp"
#include "apps/jobs_option.hpp"
#include "apps/parsed_option.hpp"
#include "apps/units.hpp"
#include "apps/whole_file.hpp"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
Ends with a summary. Failures of one kind are one finding. An interrupt (Ctrl-C)
ends it with what was found so far.

The exit status is 0 when all seeds passed; 1 when a promise was broken, two runs
of a seed differed, a run crashed, the canary was not noticed, or no seed was run; 2
for wrong usage or a file that cannot be read or written.

Examples:
  kodama sim --seeds 1-2000 --check-determinism
  kodama sim --for 10m --until-failure --keep failures
  kodama sim --for 8h --resume night.campaign --json)";

constexpr std::uint64_t large_campaign = 1000; // seeds; beyond it, a canary flies along
constexpr seed_range seeds_without_end{1, seed_max};

/// "1-2000", or one seed alone.
parsed<std::optional<seed_range>> parse_seeds(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > seed_max)
    return refusal{'"' + std::string{text} + "\" is not a range of seeds; expected such as 1-2000"};
  return std::optional{seed_range{*first, *last}};
}

struct sim_command {
  std::optional<seed_range> seeds;
  sim::drawing drawn;
  unsigned jobs = 1;
  bool check_determinism = false;
  bool json = false;
  bool canary = false;
  bool until_failure = false;
  std::uint64_t stop_after = 0;
  duration at_most{0};
  std::string resume;
  keep_options keep;
  bool no_shrink = false;
};

int fail(const std::string& text) {
  std::fprintf(stderr, "kodama: sim: %s\n", text.c_str());
  return 2;
}

bool is_without_end(const sim_command& command) {
  return !command.seeds && (command.at_most != duration{0} || command.until_failure);
}

campaign_options options_of(const sim_command& command) {
  campaign_options options;
  if (command.seeds)
    options.seeds = *command.seeds;
  else if (is_without_end(command))
    options.seeds = seeds_without_end;
  options.drawn = command.drawn;
  options.jobs = command.jobs;
  options.check_determinism = command.check_determinism;
  return options;
}

/// Where to begin: with the first seed, or where the file says. The range of the file counts when
/// none is asked for.
parsed<campaign_state> begin(const sim_command& command, campaign_options& options) {
  campaign_state state;
  state.next = options.seeds.first;
  if (command.resume.empty() || ::access(command.resume.c_str(), F_OK) != 0)
    return state;
  const auto text = read_whole(command.resume);
  if (!text)
    return refusal{"--resume: " + cannot_read(command.resume)};
  const auto saved = parse_campaign(*text);
  if (!saved)
    return refusal{"--resume: \"" + command.resume +
                   "\" is not a campaign to go on with: " + saved.error().reason};
  const bool same_seeds = !command.seeds || saved->options.seeds.first == options.seeds.first;
  if (!same_seeds || saved->options.drawn != options.drawn ||
      saved->options.check_determinism != options.check_determinism)
    return refusal{"--resume: \"" + command.resume +
                   "\" belongs to a campaign with other seeds or options; give the same, or "
                   "another file"};
  if (command.seeds && saved->state.next > options.seeds.last + 1)
    return refusal{"--resume: the campaign of \"" + command.resume + "\" has come to seed " +
                   std::to_string(saved->state.next - 1) +
                   ", beyond --seeds; ask for as many at least, or give another file"};
  if (!command.seeds && !is_without_end(command))
    options.seeds = saved->options.seeds;
  options.seeds.first = saved->options.seeds.first;
  return saved->state;
}

/// Decides when a campaign has gone on for long enough; shows and saves how far it is.
class watch {
public:
  watch(const sim_command& command, const campaign_options& options)
      : command_{command}
      , options_{options} {}

  bool operator()(const campaign_state& state) {
    const auto now = clock::now();
    if (now >= shown_ + std::chrono::milliseconds{200})
      show(state);
    if (now >= saved_ + std::chrono::seconds{5})
      save(state);
    const auto most = command_.until_failure ? 1 : command_.stop_after;
    // However short the time, something is run in it: who resumes again and again comes to an end.
    const bool first = !std::exchange(asked_, true);
    const bool in_time =
        first || command_.at_most == duration{0} || now < begun_ + command_.at_most;
    return !interrupted_.came() && (most == 0 || state.found.failures() < most) && in_time;
  }

  /// False when it cannot be written.
  bool save(const campaign_state& state) {
    saved_ = clock::now();
    return command_.resume.empty() || write_whole(command_.resume, to_text(options_, state));
  }
  [[nodiscard]] bool interrupted() const { return interrupted_.came(); }
  void clear() const {
    if (visible_)
      std::fprintf(stderr, "\r\033[K");
  }

private:
  using clock = std::chrono::steady_clock;

  void show(const campaign_state& state) {
    shown_ = clock::now();
    if (!visible_)
      return;
    std::fprintf(stderr, "\r\033[K%" PRIu64 " seeds", state.found.seeds);
    if (options_.seeds.last != seeds_without_end.last)
      std::fprintf(stderr, " of %" PRIu64, options_.seeds.last - options_.seeds.first + 1);
    std::fprintf(stderr, ", %" PRIu64 " failed in %zu ways ", state.found.failures(),
                 state.found.findings.size());
  }

  const sim_command& command_;
  const campaign_options& options_;
  interruption interrupted_;
  bool asked_ = false;
  bool visible_ = ::isatty(STDERR_FILENO) != 0 && !command_.json;
  clock::time_point begun_ = clock::now();
  clock::time_point shown_ = begun_;
  clock::time_point saved_ = begun_;
};

int run(sim_command& command) {
  campaign_report report;
  report.options = options_of(command);
  const auto from = begin(command, report.options);
  if (!from)
    return fail(from.error().reason);

  command.keep.shrink = !command.no_shrink;
  command.keep.shrinking.jobs = report.options.jobs;
  command.keep.shrinking.show = !command.json;

  watch watching{command, report.options};
  if (const auto error = prepare_to_keep(command.keep))
    return fail(*error);
  if (!watching.save(*from))
    return fail(cannot_write(command.resume));
  const auto count = report.options.seeds.last - report.options.seeds.first + 1;
  if (command.canary || count > large_campaign) {
    const auto flown = run_canary(report.options);
    if (!flown)
      return fail(cannot_start(1, flown.error()));
    report.canary = *flown;
  }
  report.state = run_campaign(report.options, *from, std::ref(watching));
  report.interrupted = watching.interrupted();
  watching.clear();

  // What fails from here on must not cost the report, which may be the work of hours.
  std::vector<std::string> troubles;
  if (report.state.trouble)
    troubles.push_back(cannot_start(report.options.jobs, report.state.trouble));
  if (!watching.save(report.state))
    troubles.push_back(cannot_write(command.resume));
  if (const auto error = keep_findings(command.keep, report))
    troubles.push_back(*error);
  if (command.json)
    print_json(report);
  else
    print_summary(report);
  int status = report.passed() ? 0 : 1;
  for (const auto& each : troubles)
    status = fail(each);
  return status;
}

void add_range_options(CLI::App& command, sim_command& options) {
  add_parsed_option(command, "--seeds", options.seeds, parse_seeds,
                    "Which (default: 1-1000; with --for or --until-failure: without end)")
      ->type_name("A-B");
  add_drawing_options(command, options.drawn);
  add_jobs_option(command, options.jobs);
  add_parsed_option(command, "--for", options.at_most, parse_duration, "Time at most")
      ->type_name("TIME");
  auto* first = command.add_flag("--until-failure", options.until_failure,
                                 "Go no further after the first one");
  add_parsed_option(command, "--stop-after", options.stop_after, parse_number,
                    "Go no further after so many failures (default: 0, never)")
      ->type_name("N")
      ->excludes(first);
  command
      .add_option("--resume", options.resume,
                  "Go on where FILE says, if it is there, and keep it up to date")
      ->type_name("FILE");
}

void add_result_options(CLI::App& command, sim_command& options) {
  command.add_flag("--check-determinism", options.check_determinism,
                   "Run every seed twice and name the first event that differs");
  command.add_flag("--canary", options.canary,
                   "Prove that a lost message would be noticed (always beyond 1000 seeds)");
  command.add_flag("--json", options.json, "The summary as one line of JSON");
  command
      .add_option("--keep", options.keep.directory,
                  "Write failures as scenario files, the first of each kind shrunk as well")
      ->type_name("DIR");
  auto* test =
      command
          .add_option("--emit-test", options.keep.test,
                      "Write a GoogleTest with the shrunk scenario: one FILE, or one each in DIR")
          ->type_name("FILE|DIR");
  command.add_flag("--no-shrink", options.no_shrink, "With --keep: as they are")->excludes(test);
  add_parsed_option(command, "--shrink-for", options.keep.shrinking.at_most, parse_duration,
                    "Time at most for each kind of failure (default: 30s)")
      ->type_name("TIME");
}

} // namespace

void add_sim(CLI::App& parent, int& exit_code) {
  auto* command =
      parent.add_subcommand("sim", "Run seeds in the simulator and check every promise");
  command->footer(footer);
  const auto options = std::make_shared<sim_command>();
  add_range_options(*command, *options);
  add_result_options(*command, *options);
  command->callback(
      [options, &exit_code] { exit_code = status_of("sim", [&] { return run(*options); }); });
}

} // namespace kodama::apps
