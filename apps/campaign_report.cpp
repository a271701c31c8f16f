#include "apps/campaign_report.hpp"

#include "apps/drawing_options.hpp"
#include "apps/message_text.hpp"
#include "apps/shell_word.hpp"
#include "protocol/utf8.hpp"

#include <cinttypes>
#include <cstdio>

namespace kodama::apps {
namespace {

std::string_view profile_of(const campaign_report& report) {
  return sim::to_string(report.options.drawn.profile);
}

std::string_view schedule_of(const sim::drawing& drawn) {
  return drawn.schedule ? sim::to_string(*drawn.schedule) : "drawn";
}

void print_counts(const std::map<std::string, std::uint64_t, std::less<>>& counts,
                  const char* never) {
  for (const auto& [name, count] : counts)
    std::printf("  %-28s %12" PRIu64 "%s\n", name.c_str(), count, count == 0 ? never : "");
}

std::string listed(const finding& what) {
  constexpr std::size_t shown_max = 8;
  std::string text;
  for (std::size_t i = 0; i != std::min(what.seeds.size(), shown_max); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(what.seeds[i].seed);
  if (what.count > shown_max)
    text += ", … (" + std::to_string(what.count) + ')';
  return text;
}

void print_finding(const campaign_report& report, const std::string& shape, const finding& what) {
  const auto& first = what.first();
  std::printf("FAILED %s\n", shape.c_str());
  std::printf("  %-9s %s\n", what.count == 1 ? "seed" : "seeds", listed(what).c_str());
  std::printf("  such as   %s\n", first.how.text.c_str());
  std::printf("  replay    kodama replay %" PRIu64 "%s\n", first.seed,
              flags_of(report.options.drawn).c_str());
  const auto kept = report.files.find(shape);
  if (kept == report.files.end() || kept->second.none()) {
    if (first.how.promise != "determinism")
      std::printf("  shrink    kodama shrink %" PRIu64 "%s -o small.scenario\n", first.seed,
                  flags_of(report.options.drawn).c_str());
    return;
  }
  const auto& files = kept->second;
  if (!files.scenario.empty())
    std::printf("  scenario  %s\n", files.scenario.c_str());
  if (!files.small.empty())
    std::printf("  shrunk    kodama replay %s   (%s)\n", shell_word(files.small).c_str(),
                to_text(files.size).c_str());
  if (!files.test.empty())
    std::printf("  test      %s\n", files.test.c_str());
}

/// A path may hold any bytes, and JSON is UTF-8: U+FFFD stands for each that is none.
std::string json_text(std::string_view text) {
  std::string well_formed;
  while (!text.empty()) {
    auto rest = text;
    std::uint32_t code_point = 0;
    const bool is_one = take_code_point(rest, code_point);
    const auto size = is_one ? text.size() - rest.size() : 1;
    well_formed += is_one ? text.substr(0, size) : "\xef\xbf\xbd";
    text.remove_prefix(size);
  }
  std::string out;
  append_json_string(out, well_formed);
  return out;
}

void print_json_counts(const char* name,
                       const std::map<std::string, std::uint64_t, std::less<>>& counts) {
  std::printf(",%s:{", json_text(name).c_str());
  const char* comma = "";
  for (const auto& [key, count] : counts) {
    std::printf("%s%s:%" PRIu64, comma, json_text(key).c_str(), count);
    comma = ",";
  }
  std::printf("}");
}

void print_json_findings(const campaign_report& report) {
  std::printf(",\"findings\":[");
  const char* comma = "";
  for (const auto& [shape, what] : report.state.found.findings) {
    const auto& first = what.first();
    std::printf("%s{\"promise\":%s,\"shape\":%s,\"count\":%" PRIu64 ",\"seeds\":[", comma,
                json_text(first.how.promise).c_str(), json_text(shape).c_str(), what.count);
    comma = "";
    for (const auto& each : what.seeds) {
      std::printf("%s%" PRIu64, comma, each.seed);
      comma = ",";
    }
    std::printf("],\"text\":%s", json_text(first.how.text).c_str());
    if (const auto kept = report.files.find(shape); kept != report.files.end()) {
      const auto& files = kept->second;
      std::printf(",\"scenario\":%s,\"small\":%s,\"test\":%s", json_text(files.scenario).c_str(),
                  json_text(files.small).c_str(), json_text(files.test).c_str());
      if (files.size.users != 0)
        std::printf(",\"users\":%zu,\"operations\":%zu,\"faults\":%zu", files.size.users,
                    files.size.operations, files.size.faults);
    }
    std::printf("}");
    comma = ",";
  }
  std::printf("]");
}

/// One by one and by seed: for those who want the first.
void print_json_failures(const tally& found) {
  std::multimap<std::uint64_t, const sim::failure*> by_seed;
  for (const auto& [shape, what] : found.findings)
    for (const auto& each : what.seeds)
      by_seed.emplace(each.seed, &each.how);
  std::printf(",\"failed\":%" PRIu64 ",\"failures\":[", found.failures());
  const char* comma = "";
  for (const auto& [seed, how] : by_seed) {
    std::printf("%s{\"seed\":%" PRIu64 ",\"promise\":%s,\"text\":%s}", comma, seed,
                json_text(how->promise).c_str(), json_text(how->text).c_str());
    comma = ",";
  }
  std::printf("]");
}

} // namespace

void print_summary(const campaign_report& report) {
  const auto& total = report.state.found;
  const auto& options = report.options;
  const auto seconds = std::max(report.state.took.count(), 0.001);
  const auto simulated = std::chrono::duration<double>(total.simulated).count();
  const double runs = options.check_determinism ? 2 : 1;
  auto altered = options.drawn; // the profile is always named
  altered.profile = sim::fault_profile::swarm;
  std::printf("seeds       %" PRIu64 " (from %" PRIu64 " on, profile %.*s%s%s)%s\n", total.seeds,
              options.seeds.first, static_cast<int>(profile_of(report).size()),
              profile_of(report).data(), words_of(altered).c_str(),
              options.check_determinism ? ", each run twice" : "",
              report.interrupted ? "; interrupted" : "");
  std::printf("time        %.1f s on %u %s: %.0f seeds a second and core\n", seconds, options.jobs,
              options.jobs == 1 ? "core" : "cores",
              runs * static_cast<double>(total.seeds) / seconds / options.jobs);
  std::printf("simulated   %.0f s, %" PRIu64 " events: %.0f : 1 on each core\n", simulated,
              total.events, runs * simulated / seconds / options.jobs);
  std::printf("trace hash  %016" PRIx64 "\n", total.hash);
  std::printf("promises exercised:\n");
  print_counts(total.exercised, "   NEVER");
  std::printf("faults that struck:\n");
  print_counts(total.faults, "   never");
  for (const auto& [shape, what] : total.findings)
    print_finding(report, shape, what);
  if (report.blind()) {
    std::printf("FAILED the campaign is blind: in none of %" PRIu64 " canary worlds, each of which "
                "loses a message, was a promise seen broken\n",
                report.canary->seeds);
  } else if (report.canary) {
    std::printf("canary      caught by %s, in world %" PRIu64 " of at most %" PRIu64 "\n",
                report.canary->caught->promise.c_str(), report.canary->seeds, canary_seeds_max);
  }
  if (total.seeds == 0)
    std::printf("FAILED: no seed was run\n");
  else
    std::printf("%s: %" PRIu64 " of %" PRIu64 " seeds failed\n",
                report.passed() ? "passed" : "FAILED", total.failures(), total.seeds);
}

void print_json(const campaign_report& report) {
  const auto& total = report.state.found;
  const auto& options = report.options;
  std::printf("{\"seeds\":%" PRIu64 ",\"first\":%" PRIu64 ",\"last\":%" PRIu64
              ",\"profile\":%s,\"schedule\":%s,"
              "\"without\":%s,"
              "\"jobs\":%u,\"seconds\":%.3f,\"simulated_seconds\":%.3f,\"events\":%" PRIu64
              ",\"trace_hash\":\"%016" PRIx64 "\",\"check_determinism\":%s,\"interrupted\":%s",
              total.seeds, options.seeds.first, options.seeds.last,
              json_text(profile_of(report)).c_str(), json_text(schedule_of(options.drawn)).c_str(),
              json_text(sim::to_text(options.drawn.without)).c_str(), options.jobs,
              report.state.took.count(), std::chrono::duration<double>(total.simulated).count(),
              total.events, total.hash, options.check_determinism ? "true" : "false",
              report.interrupted ? "true" : "false");
  print_json_counts("exercised", total.exercised);
  print_json_counts("faults", total.faults);
  if (report.canary) {
    std::printf(",\"canary\":{\"caught\":%s,\"seeds\":%" PRIu64, report.blind() ? "false" : "true",
                report.canary->seeds);
    if (report.canary->caught)
      std::printf(",\"promise\":%s", json_text(report.canary->caught->promise).c_str());
    std::printf("}");
  }
  print_json_findings(report);
  print_json_failures(total);
  std::printf(",\"passed\":%s}\n", report.passed() ? "true" : "false");
}

} // namespace kodama::apps
