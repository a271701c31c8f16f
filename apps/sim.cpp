#include "apps/campaign.hpp"
#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/units.hpp"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <thread>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
Ends with a summary; the exit status is 1 when a promise was broken, two runs of a
seed differed, or a run crashed.

Example:
  kodama sim --seeds 1-2000 --check-determinism)";

struct seed_range {
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
};

/// "1-2000", or one seed alone.
parsed<seed_range> parse_seeds(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last)
    return refusal{'"' + std::string{text} + "\" is not a range of seeds; expected such as 1-2000"};
  return seed_range{*first, *last};
}

struct sim_command {
  seed_range seeds;
  std::string profile = "swarm";
  std::uint64_t jobs = 0;
  bool check_determinism = false;
  bool json = false;
  std::uint64_t stop_after = 0;
};

std::string profile_flag(const sim_command& command) {
  return command.profile == "swarm" ? "" : " --profile " + command.profile;
}

void print_summary(const sim_command& command, const campaign_result& result) {
  const auto& total = result.total;
  const auto seconds = result.took.count();
  const auto simulated = std::chrono::duration<double>(total.simulated).count();
  const double runs = command.check_determinism ? 2 : 1;
  std::printf("seeds       %" PRIu64 " (%" PRIu64 "-%" PRIu64 ", profile %s%s)\n", total.seeds,
              command.seeds.first, command.seeds.last, command.profile.c_str(),
              command.check_determinism ? ", each run twice" : "");
  std::printf("time        %.1f s on %u %s: %.0f seeds a second and core\n", seconds, result.jobs,
              result.jobs == 1 ? "core" : "cores",
              runs * static_cast<double>(total.seeds) / seconds / result.jobs);
  std::printf("simulated   %.0f s, %" PRIu64 " events: %.0f : 1 on each core\n", simulated,
              total.events, runs * simulated / seconds / result.jobs);
  std::printf("trace hash  %016" PRIx64 "\n", total.hash);
  std::printf("promises exercised:\n");
  for (const auto& [name, count] : total.exercised)
    std::printf("  %-28s %12" PRIu64 "%s\n", name.c_str(), count, count == 0 ? "   NEVER" : "");
  std::printf("faults that struck:\n");
  for (const auto& [name, count] : total.faults)
    std::printf("  %-28s %12" PRIu64 "%s\n", name.c_str(), count, count == 0 ? "   never" : "");
  constexpr std::size_t listed_max = 20;
  for (std::size_t i = 0; i != std::min(total.failures.size(), listed_max); ++i) {
    const auto& each = total.failures[i];
    std::printf("FAILED %s: %s\n  kodama replay %" PRIu64 "%s\n", each.promise.c_str(),
                each.text.c_str(), each.seed, profile_flag(command).c_str());
  }
  if (total.failures.size() > listed_max)
    std::printf("and %zu more\n", total.failures.size() - listed_max);
  std::printf("%s: %zu of %" PRIu64 " seeds failed\n", total.failures.empty() ? "passed" : "FAILED",
              total.failures.size(), total.seeds);
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

void print_counts(const char* name,
                  const std::map<std::string, std::uint64_t, std::less<>>& counts) {
  std::printf("%s:{", json_text(name).c_str());
  const char* comma = "";
  for (const auto& [key, count] : counts) {
    std::printf("%s%s:%" PRIu64, comma, json_text(key).c_str(), count);
    comma = ",";
  }
  std::printf("}");
}

void print_json(const sim_command& command, const campaign_result& result) {
  const auto& total = result.total;
  std::printf("{\"seeds\":%" PRIu64 ",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"profile\":%s,"
              "\"jobs\":%u,\"seconds\":%.3f,\"simulated_seconds\":%.3f,\"events\":%" PRIu64
              ",\"trace_hash\":\"%016" PRIx64 "\",\"check_determinism\":%s,",
              total.seeds, command.seeds.first, command.seeds.last,
              json_text(command.profile).c_str(), result.jobs, result.took.count(),
              std::chrono::duration<double>(total.simulated).count(), total.events, total.hash,
              command.check_determinism ? "true" : "false");
  print_counts("exercised", total.exercised);
  std::printf(",");
  print_counts("faults", total.faults);
  std::printf(",\"failures\":[");
  const char* comma = "";
  for (const auto& each : total.failures) {
    std::printf("%s{\"seed\":%" PRIu64 ",\"promise\":%s,\"text\":%s}", comma, each.seed,
                json_text(each.promise).c_str(), json_text(each.text).c_str());
    comma = ",";
  }
  std::printf("]}\n");
}

int run(const sim_command& command) {
  campaign_options options;
  options.first = command.seeds.first;
  options.last = command.seeds.last;
  const auto profile = sim::parse_fault_profile(command.profile);
  if (!profile) {
    std::fprintf(stderr,
                 "kodama: sim: --profile: \"%s\" is unknown; expected none, lossy, mobile, "
                 "hostile or swarm\n",
                 command.profile.c_str());
    return 2;
  }
  options.profile = *profile;
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  options.jobs = command.jobs != 0 ? static_cast<unsigned>(command.jobs) : cores;
  options.check_determinism = command.check_determinism;
  options.stop_after = command.stop_after;

  const bool show = ::isatty(STDERR_FILENO) != 0 && !command.json;
  const auto count = options.last - options.first + 1;
  const auto result = run_campaign(options, [&](std::uint64_t done, std::size_t failures) {
    if (show)
      std::fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds, %zu failed ", done, count,
                   failures);
  });
  if (show)
    std::fprintf(stderr, "\r\033[K");
  if (command.json)
    print_json(command, result);
  else
    print_summary(command, result);
  return result.total.failures.empty() ? 0 : 1;
}

} // namespace

void add_sim(CLI::App& parent, int& exit_code) {
  auto* command =
      parent.add_subcommand("sim", "Run seeds in the simulator and check every promise");
  command->footer(footer);
  const auto options = std::make_shared<sim_command>();
  add_parsed_option(*command, "--seeds", options->seeds, parse_seeds, "Which (default: 1-1000)")
      ->type_name("A-B");
  command
      ->add_option("--profile", options->profile,
                   "Faults: none, lossy, mobile, hostile or swarm (default: swarm)")
      ->type_name("P");
  add_parsed_option(*command, "--jobs", options->jobs, parse_number,
                    "Processes (default: one for each core)")
      ->type_name("N");
  command->add_flag("--check-determinism", options->check_determinism,
                    "Run every seed twice and name the first event that differs");
  add_parsed_option(*command, "--stop-after", options->stop_after, parse_number,
                    "Failures after which a process goes no further (default: 0, none)")
      ->type_name("N");
  command->add_flag("--json", options->json, "The summary as one line of JSON");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

} // namespace kodama::apps
