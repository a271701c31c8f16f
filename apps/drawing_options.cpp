#include "apps/drawing_options.hpp"

#include "apps/parsed_option.hpp"
#include "apps/units.hpp"
#include "sim/random.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <optional>

namespace kodama::apps {
namespace {

constexpr std::size_t named_max = sim::fault_kind_count / 2;

std::string in_quotes(std::string_view text) {
  return '"' + std::string{text} + '"';
}

std::string spaced(const sim::fault_set& kinds) {
  std::string text;
  for (const char c : sim::to_text(kinds))
    text += c == ',' ? std::string{", "} : std::string{c};
  return text;
}

/// Whichever are fewer are named; that none is left has no other name.
bool names_those_left(const sim::fault_set& without) {
  return without.count() > named_max && !without.all();
}

/// "jitter+udp_loss"; of many their number and a hash, as names of files are short.
std::string mark_of(const sim::fault_set& kinds) {
  constexpr std::size_t spelt_out_max = 2;
  if (kinds.all())
    return "all";
  if (kinds.count() > spelt_out_max) {
    char text[32];
    std::snprintf(text, sizeof text, "%zu-kinds-%08" PRIx64, kinds.count(),
                  sim::mix(kinds.to_ullong()) >> 32U);
    return text;
  }
  auto text = sim::to_text(kinds);
  std::replace(text.begin(), text.end(), ',', '+');
  return text;
}

parsed<sim::fault_profile> parse_profile(std::string_view text) {
  if (const auto profile = sim::parse_fault_profile(text))
    return *profile;
  return refusal{in_quotes(text) + " is unknown; expected none, lossy, mobile, hostile or swarm"};
}

parsed<std::optional<sim::schedule_kind>> parse_schedule(std::string_view text) {
  if (const auto kind = sim::parse_schedule_kind(text))
    return kind;
  return refusal{in_quotes(text) + " is unknown; expected uniform or priorities"};
}

parsed<sim::fault_set> parse_faults(std::string_view text) {
  const auto kinds = sim::parse_fault_set(text);
  if (kinds)
    return *kinds;
  return refusal{in_quotes(kinds.error().name) + " is no kind of fault; expected of " +
                 spaced(sim::fault_set{}.set())};
}

parsed<sim::fault_set> parse_all_but(std::string_view text) {
  auto kinds = parse_faults(text);
  if (kinds)
    kinds->flip();
  return kinds;
}

} // namespace

void add_drawing_options(CLI::App& command, sim::drawing& target) {
  add_parsed_option(command, "--profile", target.profile, parse_profile,
                    "Faults: none, lossy, mobile, hostile or swarm (default: swarm)")
      ->type_name("P");
  add_parsed_option(command, "--schedule", target.schedule, parse_schedule,
                    "Of every seed: uniform or priorities (default: as drawn)")
      ->type_name("S");
  auto* without = add_parsed_option(command, "--without", target.without, parse_faults,
                                    "Take these faults out of every seed, and move nothing else")
                      ->type_name("KIND,…");
  add_parsed_option(command, "--only-fault", target.without, parse_all_but,
                    "Take all other faults out")
      ->type_name("KIND,…")
      ->excludes(without);
}

std::string flags_of(const sim::drawing& how) {
  std::string text;
  if (how.profile != sim::fault_profile::swarm)
    text += " --profile " + std::string{to_string(how.profile)};
  if (how.schedule)
    text += " --schedule " + std::string{to_string(*how.schedule)};
  if (how.without.any())
    text += names_those_left(how.without) ? " --only-fault " + sim::to_text(~how.without)
                                          : " --without " + sim::to_text(how.without);
  return text;
}

std::string words_of(const sim::drawing& how, bool with_profile) {
  std::string text;
  if (with_profile && how.profile != sim::fault_profile::swarm)
    text += ", profile " + std::string{to_string(how.profile)};
  if (how.schedule)
    text += ", schedule " + std::string{to_string(*how.schedule)};
  if (how.without.any())
    text += names_those_left(how.without) ? ", only " + spaced(~how.without)
                                          : ", without " + spaced(how.without);
  return text;
}

std::string name_of(const sim::drawing& how) {
  std::string text;
  if (how.profile != sim::fault_profile::swarm)
    text += std::string{to_string(how.profile)} + '-';
  if (how.schedule)
    text += std::string{to_string(*how.schedule)} + '-';
  if (how.without.any())
    text += names_those_left(how.without) ? "only-" + mark_of(~how.without) + '-'
                                          : "without-" + mark_of(how.without) + '-';
  return text;
}

} // namespace kodama::apps
