#include "apps/tally.hpp"

#include "apps/units.hpp"

#include <algorithm>

namespace kodama::apps {
namespace {

// A text may have several lines, and has to stay on one.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string with_its_lines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] == '\\' && i + 1 != text.size())
      out += text[++i] == 'n' ? '\n' : text[i];
    else
      out += text[i];
  }
  return out;
}

std::string_view take_word(std::string_view& line) {
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

void list(finding& to, const failed_seed& failed) {
  const auto by_seed = [](const failed_seed& a, const failed_seed& b) { return a.seed < b.seed; };
  to.seeds.insert(std::upper_bound(to.seeds.begin(), to.seeds.end(), failed, by_seed), failed);
  if (to.seeds.size() > listed_seeds_max)
    to.seeds.pop_back();
}

} // namespace

void tally::add(const tally& other) {
  seeds += other.seeds;
  events += other.events;
  simulated += other.simulated;
  hash += other.hash;
  for (const auto& [name, count] : other.exercised)
    exercised[name] += count;
  for (const auto& [name, count] : other.faults)
    faults[name] += count;
  for (const auto& [shape, found] : other.findings) {
    auto& mine = findings[shape];
    mine.count += found.count;
    for (const auto& each : found.seeds)
      list(mine, each);
  }
}

void tally::add_failure(const failed_seed& failed) {
  auto& mine = findings[failed.how.shape()];
  ++mine.count;
  list(mine, failed);
}

std::uint64_t tally::failures() const {
  std::uint64_t count = 0;
  for (const auto& [shape, found] : findings)
    count += found.count;
  return count;
}

std::string to_text(const tally& what) {
  std::string text;
  const auto line = [&text](const std::string& name, const std::string& value) {
    text += name + ' ' + value + '\n';
  };
  line("seeds", std::to_string(what.seeds));
  line("events", std::to_string(what.events));
  line("simulated", std::to_string(what.simulated.count()));
  line("hash", std::to_string(what.hash));
  for (const auto& [name, count] : what.exercised)
    line("exercised " + name, std::to_string(count));
  for (const auto& [name, count] : what.faults)
    line("fault " + name, std::to_string(count));
  for (const auto& [shape, found] : what.findings) {
    line("finding " + std::to_string(found.count), on_one_line(shape));
    for (const auto& each : found.seeds)
      line("failed " + std::to_string(each.seed) + ' ' + each.how.promise,
           on_one_line(each.how.text));
  }
  return text;
}

bool take_line(tally& to, std::string_view line) {
  const auto what = take_word(line);
  if (what == "failed") {
    const auto seed = parse_number(take_word(line));
    const auto promise = take_word(line);
    if (!seed)
      return false;
    const failed_seed failed{*seed, {std::string{promise}, with_its_lines(line)}};
    list(to.findings[failed.how.shape()], failed);
    return true;
  }
  if (what == "exercised" || what == "fault") {
    const std::string name{take_word(line)};
    const auto count = parse_number(line);
    if (count)
      (what == "fault" ? to.faults : to.exercised)[name] += *count;
    return count.has_value();
  }
  const auto number = parse_number(take_word(line));
  if (!number)
    return false;
  if (what == "finding")
    to.findings[with_its_lines(line)].count += *number;
  else if (what == "seeds")
    to.seeds += *number;
  else if (what == "events")
    to.events += *number;
  else if (what == "simulated")
    to.simulated += duration{static_cast<duration::rep>(*number)};
  else if (what == "hash")
    to.hash += *number;
  else
    return false;
  return true;
}

} // namespace kodama::apps
