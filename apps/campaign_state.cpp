#include "apps/campaign.hpp"
#include "apps/units.hpp"

#include <algorithm>

/// The file of a campaign that is to go on later.
namespace kodama::apps {
namespace {

constexpr std::string_view first_line = "kodama campaign 1";

std::string show(seed_range range) {
  return std::to_string(range.first) + '-' + std::to_string(range.last);
}

std::optional<seed_range> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos)
    return std::nullopt;
  const auto first = parse_number(text.substr(0, dash));
  const auto last = parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > seed_max)
    return std::nullopt;
  return seed_range{*first, *last};
}

bool read_line(std::string_view line, saved_campaign& to) {
  const auto name = line.substr(0, line.find(' '));
  const auto value = line.substr(std::min(name.size() + 1, line.size()));
  const auto number = parse_number(value);
  const auto range = parse_range(value);
  if (name == "range" && range) {
    to.options.seeds = *range;
  } else if (name == "open" && range) {
    to.state.open.push_back(*range);
  } else if (name == "next" && number) {
    to.state.next = *number;
  } else if (name == "milliseconds" && number) {
    to.state.took = std::chrono::milliseconds{*number};
  } else if (name == "determinism") {
    to.options.check_determinism = value == "yes";
  } else if (name == "profile") {
    const auto profile = sim::parse_fault_profile(value);
    if (!profile)
      return false;
    to.options.drawn.profile = *profile;
  } else if (name == "schedule") {
    to.options.drawn.schedule = sim::parse_schedule_kind(value);
    return to.options.drawn.schedule.has_value();
  } else if (name == "without") {
    const auto kinds = sim::parse_fault_set(value);
    if (!kinds)
      return false;
    to.options.drawn.without = *kinds;
  } else {
    return take_line(to.state.found, line);
  }
  return true;
}

refusal refused(std::size_t line, const std::string& expected) {
  return {"line " + std::to_string(line) + ": expected " + expected};
}

} // namespace

std::string to_text(const campaign_options& options, const campaign_state& state) {
  const auto took = std::chrono::round<std::chrono::milliseconds>(state.took);
  const auto& drawn = options.drawn;
  auto text = std::string{first_line} + "\nrange " + show(options.seeds) + "\nprofile " +
              std::string{sim::to_string(drawn.profile)} + "\ndeterminism " +
              (options.check_determinism ? "yes" : "no") + "\nmilliseconds " +
              std::to_string(took.count()) + "\nnext " + std::to_string(state.next) + '\n';
  if (drawn.schedule)
    text += "schedule " + std::string{sim::to_string(*drawn.schedule)} + '\n';
  if (drawn.without.any())
    text += "without " + sim::to_text(drawn.without) + '\n';
  for (const auto& each : state.open)
    text += "open " + show(each) + '\n';
  return text + to_text(state.found);
}

parsed<saved_campaign> parse_campaign(std::string_view text) {
  saved_campaign read;
  std::map<std::string, std::size_t, std::less<>> first_told; // findings, and in which line
  std::size_t number = 0;
  do {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (number == 1 && line != first_line)
      return refused(number, '"' + std::string{first_line} + '"');
    if (number != 1 && !read_line(line, read))
      return refused(number, "a line as `kodama sim --resume` writes it");
    for (const auto& [shape, found] : read.state.found.findings)
      first_told.try_emplace(shape, number);
  } while (!text.empty());
  // Whoever reads on relies on these.
  for (const auto& [shape, found] : read.state.found.findings)
    if (found.seeds.empty() || found.count < found.seeds.size())
      return refused(first_told[shape],
                     "`finding COUNT SHAPE`, then one to COUNT lines `failed SEED "
                     "PROMISE TEXT` of that shape");
  const auto& seeds = read.options.seeds;
  const auto& state = read.state;
  if (state.next < seeds.first || state.next > seeds.last + 1)
    return refusal{"expected `next` to be one of " + show({seeds.first, seeds.last + 1})};
  for (const auto& each : state.open)
    if (each.first < seeds.first || each.last >= state.next)
      return refusal{"expected `open` to lie before `next` and in the range: " + show(each)};
  return read;
}

} // namespace kodama::apps
