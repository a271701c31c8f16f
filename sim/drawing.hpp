#pragma once

#include "sim/scenario.hpp"

#include <boost/system/result.hpp>

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::sim {

/// Kinds of faults, each by its number.
using fault_set = std::bitset<fault_kind_count>;

enum class schedule_kind : std::uint8_t { uniform, priorities };

/// How scenarios are made of seeds: which profile they are drawn from, and what of it is altered
/// when all is drawn, so that everything else in the world of a seed stays where it was.
struct drawing {
  fault_profile profile = fault_profile::swarm;
  std::optional<schedule_kind> schedule; ///< of every scenario; empty: as drawn
  fault_set without;                     ///< kinds of faults that are taken out

  bool operator==(const drawing&) const = default;

  [[nodiscard]] scenario draw(std::uint64_t seed) const;
  /// What draw() does to a scenario of whatever origin.
  void alter(scenario& what) const;
};

/// Takes kinds of faults out of the plan, the strikes and the users of a scenario.
void take_out(scenario& from, const fault_set& kinds);

/// What a person wrote that is no name.
struct unknown_name {
  std::string name;
};
/// "udp_loss,tcp_reset": at least one name, each that of a kind.
[[nodiscard]] boost::system::result<fault_set, unknown_name>
parse_fault_set(std::string_view names);
/// Its inverse, in the order of the kinds.
[[nodiscard]] std::string to_text(const fault_set& kinds);

/// "uniform", "priorities"; anything else is none.
[[nodiscard]] std::optional<schedule_kind> parse_schedule_kind(std::string_view name);
[[nodiscard]] std::string_view to_string(schedule_kind kind) noexcept;

} // namespace kodama::sim
