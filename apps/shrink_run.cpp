#include "apps/shrink_run.hpp"

#include "apps/drawing_options.hpp"
#include "apps/forked_oracle.hpp"
#include "apps/whole_file.hpp"
#include "sim/simpler.hpp"

#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace kodama::apps {
namespace {

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

/// "ExactlyOnce" of "exactly-once".
std::string camel_case(std::string_view name) {
  std::string made;
  bool upper = true;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter)
      made += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = !letter;
  }
  return made;
}

} // namespace

extent extent_of(const sim::scenario& what) {
  return {what.users + what.intruders, what.operations.size(),
          what.strikes.size() + sim::count_of(what, sim::part::chance)};
}

std::string to_text(const extent& of) {
  return counted(of.users, "user") + ", " + counted(of.operations, "operation") + ", " +
         counted(of.faults, "fault");
}

result<std::optional<shrink_outcome>> shrink_failure(const sim::scenario& failing,
                                                     const shrink_options& options) {
  const auto begun = forked_oracle::clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>{forked_oracle::clock::now() - begun};
  };
  const bool on_one_line = ::isatty(STDERR_FILENO) != 0;
  forked_oracle oracle{
      options.jobs, options.at_most, [&](const sim::scenario& smallest, std::uint64_t tried) {
        if (options.show && on_one_line)
          std::fprintf(stderr, "\r\033[K%5.1f s  %s (%" PRIu64 " runs)", elapsed().count(),
                       to_text(extent_of(smallest)).c_str(), tried);
      }};
  const auto aimed = oracle.aim_at(failing);
  if (!aimed)
    return aimed.error();
  if (!*aimed)
    return std::nullopt;
  if (options.show)
    std::fprintf(stderr, "shrinking %s: %s\n", oracle.how().promise.c_str(),
                 to_text(extent_of(failing)).c_str());
  const auto made = sim::shrink(failing, oracle);
  if (options.show && on_one_line)
    std::fprintf(stderr, "\r\033[K");
  return shrink_outcome{oracle.how(), made.smallest, made.tried, elapsed(), made.is_done};
}

std::string file_of(const sim::scenario& what, const sim::failure& how, const std::string& origin) {
  return sim::to_text(what, how.promise + ": " + how.text + "\nFrom " + origin + ".");
}

std::string test_of(const sim::scenario& what, const sim::failure& how, const std::string& origin) {
  return "#include \"sim/failure.hpp\"\n"
         "#include \"sim/scenario.hpp\"\n"
         "#include \"sim/world.hpp\"\n"
         "\n"
         "#include <gtest/gtest.h>\n"
         "\n"
         "namespace kodama::sim {\n"
         "namespace {\n"
         "\n"
         "TEST(" +
         camel_case(how.promise) + ", HoldsIn" + camel_case(origin) +
         ") {\n"
         "  const auto read = parse_scenario(R\"scenario(" +
         file_of(what, how, origin) +
         ")scenario\");\n"
         "  ASSERT_TRUE(read.has_value()) << read.error().line << \": expected \"\n"
         "                                << read.error().expected;\n"
         "  trace history;\n"
         "  const auto failed = first_failure(run(*read, history));\n"
         "  EXPECT_FALSE(failed.has_value()) << failed->promise << \": \" << failed->text;\n"
         "}\n"
         "\n"
         "} // namespace\n"
         "} // namespace kodama::sim\n";
}

parsed<loaded_scenario> load_scenario(const std::string& seed_or_file, const sim::drawing& drawn) {
  if (const auto seed = parse_number(seed_or_file))
    return loaded_scenario{drawn.draw(*seed), "seed " + std::to_string(*seed) + words_of(drawn)};
  const auto text = read_whole(seed_or_file);
  if (!text)
    return refusal{cannot_read(seed_or_file) + ", and it is no seed"};
  auto read = sim::parse_scenario(*text);
  if (!read)
    return refusal{seed_or_file + ':' + std::to_string(read.error().line) + ':' +
                   std::to_string(read.error().column) + ": expected " + read.error().expected};
  if (drawn.profile != sim::fault_profile::swarm)
    return refusal{"--profile: " + seed_or_file + " has its own faults; a profile is for a seed"};
  drawn.alter(*read);
  return loaded_scenario{*read,
                         seed_or_file.substr(seed_or_file.rfind('/') + 1) + words_of(drawn, false)};
}

} // namespace kodama::apps
