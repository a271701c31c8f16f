#include "sim/fault_text.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

using sim::show;

std::string show(const spell& s) {
  return "every " + show(s.every) + " for " + show(s.shortest) + " to " + show(s.longest);
}
std::string show(const slowness& s) {
  return show(s.odds) + " for " + show(s.longest);
}
std::string show(ceiling c) {
  return std::to_string(c.value);
}
std::string show(deviation d) {
  return std::to_string(d.value);
}

bool read(line_reader& in, duration& to) {
  return in.time(to);
}
bool read(line_reader& in, probability& to) {
  return in.share(to);
}
bool read(line_reader& in, spell& to) {
  return in.word("every") && in.time(to.every) &&
         (to.every >= spell_every_min || in.fail("at least 1ms")) && in.word("for") &&
         in.time(to.shortest) && in.word("to") && in.time(to.longest) &&
         (to.shortest <= to.longest || in.fail("no less than the shortest"));
}
bool read(line_reader& in, slowness& to) {
  return in.share(to.odds) && in.word("for") && in.time(to.longest);
}
bool read(line_reader& in, ceiling& to) {
  return in.number(to.value);
}
bool read(line_reader& in, deviation& to) {
  return in.number(to.value, {.most = deviation_max});
}

} // namespace

bool is_spell(fault_kind kind) {
  bool found = false;
  const fault_plan plan;
  for_each_fault(plan, [&](fault_kind each, const auto& field) {
    if (each == kind)
      found = std::is_same_v<std::remove_cvref_t<decltype(field)>, spell>;
  });
  return found;
}

std::string faults_text(const fault_plan& plan, const std::string& prefix, bool spells) {
  std::string text;
  for_each_fault(plan, [&](fault_kind kind, const auto& field) {
    if (is_on(field) && (spells || !is_spell(kind)))
      text += prefix + std::string{to_string(kind)} + ' ' + show(field) + '\n';
  });
  return text;
}

bool read_fault(line_reader& in, fault_plan& to) {
  const auto name = in.word();
  bool known = false;
  bool whole = false;
  for_each_fault(to, [&](fault_kind kind, auto& field) {
    if (name == to_string(kind)) {
      known = true;
      whole = read(in, field);
    }
  });
  return known ? whole : in.fail("a kind of fault");
}

std::string to_text(const fault_plan& plan) {
  return "heal_at " + show(plan.heal_at) + '\n' + faults_text(plan, "", true);
}

result<fault_plan> parse_fault_plan(std::string_view text) {
  fault_plan plan;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line_reader in{line};
    bool whole = true;
    if (in.ahead() == "heal_at")
      whole = in.word("heal_at") && in.time(plan.heal_at);
    else if (!in.ahead().empty())
      whole = read_fault(in, plan);
    if (!whole || !in.end())
      return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  }
  return plan;
}

} // namespace kodama::sim
