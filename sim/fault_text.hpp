#pragma once

#include "sim/fault_fields.hpp"
#include "sim/line_reader.hpp"

#include <string>
#include <type_traits>

namespace kodama::sim {

/// Does the kind strike at moments (a spell of the plan), rather than by chance all the time?
[[nodiscard]] bool is_spell(fault_kind kind);

/// One line for each fault that is on, as it stands in a plan: "udp_loss 10%".
/// `spells`: those that strike at moments, too.
[[nodiscard]] std::string faults_text(const fault_plan& plan, const std::string& prefix,
                                      bool spells);

/// Reads a kind of fault and what it is set to, as faults_text() writes them.
bool read_fault(line_reader& in, fault_plan& to);

} // namespace kodama::sim
