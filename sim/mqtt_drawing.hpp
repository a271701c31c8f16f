#pragma once

#include "sim/scenario.hpp"

namespace kodama::sim {

/// Adds people with an MQTT client to half of all worlds, and what they do; everything else in a
/// world stays what it is without them. For scenario::draw, which sorts the operations by time.
void draw_mqtt(scenario& made);

} // namespace kodama::sim
