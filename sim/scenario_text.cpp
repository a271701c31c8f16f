#include "sim/scenario.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

/// The text of a scenario, one fact a line; its reference is docs/simulation.md, "Scenario files".
namespace kodama::sim {
namespace {

constexpr std::string_view first_line = "kodama scenario 1";

/// The plain numbers of a scenario by name: one table for writing and reading.
template <class Scenario, class Visitor>
void for_each_number(Scenario& what, Visitor&& visit) {
  visit("seed", what.seed);
  visit("users", what.users);
  visit("intruders", what.intruders);
  visit("topics", what.topics);
  visit("unacknowledged_max", what.unacknowledged_max);
  visit("topics_max", what.topics_max);
  visit("session_buffer_max", what.session_buffer_max);
  visit("publish_topics_max", what.publish_topics_max);
}

template <class Scenario, class Visitor>
void for_each_duration(Scenario& what, Visitor&& visit) {
  visit("resume_window", what.resume_window);
  visit("keepalive", what.keepalive);
  visit("heal_at", what.heal_at);
  visit("end_at", what.end_at);
}

std::string show(duration d) {
  return std::to_string(d.count()) + "ns";
}

/// One line, word by word; remembers where it was when something was wrong.
class line_reader {
public:
  explicit line_reader(std::string_view line)
      : line_{line}
      , rest_{line} {}

  std::string_view word() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    at_ = static_cast<std::size_t>(rest_.data() - line_.data());
    const auto found = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(found.size());
    return found;
  }
  bool word(std::string_view expected) {
    return word() == expected || fail('"' + std::string{expected} + '"');
  }
  template <class Number>
  bool number(Number& to, std::string_view suffix = "", std::string_view name = "a whole number") {
    auto text = word();
    if (!text.ends_with(suffix))
      return fail(std::string{name} + " ending in " + std::string{suffix});
    text.remove_suffix(suffix.size());
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
    return (failed == std::errc{} && end == text.data() + text.size() && !text.empty()) ||
           fail(std::string{name});
  }
  bool time(duration& to) {
    duration::rep count = 0;
    if (!number(count, "ns", "a duration"))
      return false;
    to = duration{count};
    return true;
  }
  bool end() { return word().empty() || fail("the end of the line"); }
  bool fail(std::string expected) {
    if (expected_.empty())
      expected_ = std::move(expected);
    return false;
  }
  [[nodiscard]] std::size_t column() const noexcept { return at_ + 1; }
  [[nodiscard]] const std::string& expected() const noexcept { return expected_; }

private:
  std::string_view line_;
  std::string_view rest_;
  std::size_t at_ = 0;
  std::string expected_;
};

template <class Enum, std::size_t Count>
bool read_name(line_reader& in, Enum& to, std::string_view what) {
  const auto name = in.word();
  for (std::size_t i = 0; i != Count; ++i)
    if (to_string(static_cast<Enum>(i)) == name) {
      to = static_cast<Enum>(i);
      return true;
    }
  return in.fail(std::string{what});
}

constexpr std::size_t operation_count = static_cast<std::size_t>(operation::kind::ping) + 1;

bool read_strike(line_reader& in, scenario& to) {
  timed_fault read{};
  std::uint32_t host = 0;
  if (!(in.time(read.at) &&
        read_name<fault_kind, fault_kind_count>(in, read.kind, "a kind of fault") &&
        in.word("host") && in.number(host) && in.word("for") && in.time(read.lasts) &&
        in.word("draw") && in.number(read.draw) && in.end()))
    return false;
  read.host = host_id{host};
  to.strikes.push_back(read);
  return true;
}

bool read_operation(line_reader& in, scenario& to) {
  operation read;
  if (!(in.time(read.at) && in.word("user") && in.number(read.user) &&
        read_name<operation::kind, operation_count>(in, read.what, "an operation") &&
        in.word("topic") && in.number(read.topic) && in.word("count") && in.number(read.count) &&
        in.word("size") && in.number(read.size) && in.end()))
    return false;
  to.operations.push_back(read);
  return true;
}

bool read_line(line_reader& in, std::string_view line, scenario& to, std::string& plan) {
  const auto key = in.word();
  if (key == "strike")
    return read_strike(in, to);
  if (key == "do")
    return read_operation(in, to);
  if (key == "udp") {
    const auto word = in.word();
    to.udp = word == "yes";
    return (word == "yes" || word == "no" || in.fail("yes or no")) && in.end();
  }
  if (key == "chance") {
    plan += line.substr(std::min(line.find("chance") + 7, line.size()));
    plan += '\n';
    return static_cast<bool>(parse_fault_plan(plan)) ||
           in.fail("a fault as `kodama sim` writes it");
  }
  bool known = false;
  bool read = false;
  for_each_number(to, [&](std::string_view name, auto& number) {
    if (name == key) {
      known = true;
      read = in.number(number) && in.end();
    }
  });
  for_each_duration(to, [&](std::string_view name, duration& d) {
    if (name == key) {
      known = true;
      read = in.time(d) && in.end();
    }
  });
  return known ? read : in.fail("a fact of a scenario (docs/simulation.md lists them)");
}

} // namespace

std::string to_text(const scenario& what) {
  std::string text{first_line};
  text += '\n';
  for_each_number(what, [&](std::string_view name, auto number) {
    text += std::string{name} + ' ' + std::to_string(number) + '\n';
  });
  for_each_duration(what, [&](std::string_view name, duration d) {
    text += std::string{name} + ' ' + show(d) + '\n';
  });
  text += std::string{"udp "} + (what.udp ? "yes" : "no") + '\n';
  const auto plan = to_text(what.plan);
  for (std::string_view rest = plan; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    text += "chance " + std::string{line} + '\n';
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  for (const auto& each : what.strikes)
    text += "strike " + show(each.at) + ' ' + std::string{to_string(each.kind)} + " host " +
            std::to_string(static_cast<std::uint32_t>(each.host)) + " for " + show(each.lasts) +
            " draw " + std::to_string(each.draw) + '\n';
  for (const auto& each : what.operations)
    text += "do " + show(each.at) + " user " + std::to_string(each.user) + ' ' +
            std::string{to_string(each.what)} + " topic " + std::to_string(each.topic) + " count " +
            std::to_string(each.count) + " size " + std::to_string(each.size) + '\n';
  return text;
}

boost::system::result<scenario, parse_failure> parse_scenario(std::string_view text) {
  scenario read;
  std::string plan;
  std::size_t number = 0;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    ++number;
    if (number == 1) {
      if (line != first_line)
        return parse_failure{1, 1, '"' + std::string{first_line} + '"'};
      continue;
    }
    if (line.empty() || line.front() == '#')
      continue;
    line_reader in{line};
    if (!read_line(in, line, read, plan))
      return parse_failure{number, in.column(), in.expected()};
  }
  if (number == 0)
    return parse_failure{1, 1, '"' + std::string{first_line} + '"'};
  if (const auto faults = parse_fault_plan(plan))
    read.plan = *faults;
  read.plan.heal_at = read.heal_at;
  return read;
}

} // namespace kodama::sim
