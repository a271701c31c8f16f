#include "sim/drawing.hpp"

#include "sim/fault_fields.hpp"

#include <algorithm>
#include <type_traits>

namespace kodama::sim {
namespace {

bool contains(const fault_set& kinds, fault_kind kind) {
  return kinds[static_cast<std::size_t>(kind)];
}

std::optional<std::size_t> number_of(std::string_view name) {
  for (std::size_t i = 0; i != fault_kind_count; ++i)
    if (name == to_string(static_cast<fault_kind>(i)))
      return i;
  return std::nullopt;
}

} // namespace

scenario drawing::draw(std::uint64_t seed) const {
  auto made = scenario::draw(seed, profile);
  alter(made);
  return made;
}

void drawing::alter(scenario& what) const {
  if (schedule == schedule_kind::uniform)
    what.change_points.reset();
  else if (schedule == schedule_kind::priorities && !what.change_points)
    what.change_points = scenario::draw_change_points(what.seed);
  take_out(what, without);
}

void take_out(scenario& from, const fault_set& kinds) {
  for_each_fault(from.plan, [&](fault_kind kind, auto& field) {
    if (contains(kinds, kind))
      field = std::remove_reference_t<decltype(field)>{};
  });
  std::erase_if(from.strikes, [&](const timed_fault& each) { return contains(kinds, each.kind); });
  if (contains(kinds, fault_kind::client_wrong_token))
    from.intruders = 0;
}

boost::system::result<fault_set, unknown_name> parse_fault_set(std::string_view names) {
  fault_set kinds;
  for (bool more = true; more;) {
    const auto comma = names.find(',');
    const auto name = names.substr(0, comma);
    const auto number = number_of(name);
    if (!number)
      return unknown_name{std::string{name}};
    kinds.set(*number);
    more = comma != std::string_view::npos;
    names.remove_prefix(more ? comma + 1 : names.size());
  }
  return kinds;
}

std::string to_text(const fault_set& kinds) {
  std::string text;
  for (std::size_t i = 0; i != fault_kind_count; ++i)
    if (kinds[i])
      text += (text.empty() ? "" : ",") + std::string{to_string(static_cast<fault_kind>(i))};
  return text;
}

std::optional<schedule_kind> parse_schedule_kind(std::string_view name) {
  for (const auto kind : {schedule_kind::uniform, schedule_kind::priorities})
    if (name == to_string(kind))
      return kind;
  return std::nullopt;
}

std::string_view to_string(schedule_kind kind) noexcept {
  return kind == schedule_kind::uniform ? "uniform" : "priorities";
}

} // namespace kodama::sim
