#include "sim/fault_fields.hpp"
#include "sim/faults.hpp"

#include <algorithm>
#include <charconv>

namespace kodama::sim {
namespace {

// Durations are printed in the largest unit that loses nothing.
struct unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<unit, 4> units{
    {{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

std::string show(std::uint64_t number) {
  return std::to_string(number);
}
std::string show(duration d) {
  for (const auto& [name, nanoseconds] : units)
    if (d.count() % nanoseconds == 0)
      return std::to_string(d.count() / nanoseconds) + std::string{name};
  return {};
}
std::string show(probability p) {
  return std::to_string(p.of_65536) + "/65536";
}
std::string show(const spell& s) {
  return "every " + show(s.every) + " for " + show(s.shortest) + " to " + show(s.longest);
}
std::string show(const slowness& s) {
  return show(s.odds) + " for " + show(s.longest);
}
std::string show(ceiling c) {
  return show(c.value);
}
std::string show(deviation d) {
  return show(d.value);
}

/// Words of one line; every take() consumes what it recognises or sets `failed`.
struct words {
  std::string_view rest;
  bool failed = false;

  std::string_view next() {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
  }
  void expect(std::string_view word) { failed |= next() != word; }

  // Digits, then exactly one of the suffixes; returns the index of the suffix.
  std::uint64_t number(std::string_view word, std::string_view& suffix) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    failed |= error != std::errc{};
    suffix = word.substr(static_cast<std::size_t>(end - word.data()));
    return value;
  }

  void take(std::uint64_t& to) {
    std::string_view suffix;
    to = number(next(), suffix);
    failed |= !suffix.empty();
  }
  void take(duration& to) {
    std::string_view suffix;
    const auto value = number(next(), suffix);
    for (const auto& [name, nanoseconds] : units) {
      // Nothing longer than ten years: the product below must fit.
      if (suffix == name &&
          value <= 315'360'000'000'000'000 / static_cast<std::uint64_t>(nanoseconds)) {
        to = duration{static_cast<std::int64_t>(value) * nanoseconds};
        return;
      }
    }
    failed = true;
  }
  void take(probability& to) {
    std::string_view suffix;
    const auto value = number(next(), suffix);
    failed |= suffix != "/65536" || value > 65536;
    to.of_65536 = static_cast<std::uint32_t>(value);
  }
  void take(spell& to) {
    expect("every");
    take(to.every);
    expect("for");
    take(to.shortest);
    expect("to");
    take(to.longest);
    failed |= to.shortest > to.longest || to.every < spell_every_min;
  }
  void take(slowness& to) {
    take(to.odds);
    expect("for");
    take(to.longest);
  }
  void take(ceiling& to) { take(to.value); }
  void take(deviation& to) { take(to.value); }
};

// False when the line is not one of a plan's.
bool read_line(words line, fault_plan& plan) {
  const auto name = line.next();
  if (name.empty() || name.front() == '#')
    return true;
  bool known = false;
  if (name == "heal_at") {
    line.take(plan.heal_at);
    known = true;
  }
  for_each_fault(plan, [&](fault_kind kind, auto& field) {
    if (name == to_string(kind)) {
      line.take(field);
      known = true;
    }
  });
  return known && !line.failed && line.next().empty();
}

} // namespace

std::string to_text(const fault_plan& plan) {
  auto text = "heal_at " + show(plan.heal_at) + '\n';
  for_each_fault(plan, [&text](fault_kind kind, const auto& field) {
    if (is_on(field))
      text += std::string{to_string(kind)} + ' ' + show(field) + '\n';
  });
  return text;
}

result<fault_plan> parse_fault_plan(std::string_view text) {
  fault_plan plan;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!read_line({line}, plan))
      return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  }
  return plan;
}

} // namespace kodama::sim
