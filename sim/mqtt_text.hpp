#pragma once

#include "sim/line_reader.hpp"
#include "sim/scenario.hpp"

#include <string>

namespace kodama::sim {

// What people with an MQTT client add to the text of a scenario (docs/simulation.md, "People with
// an MQTT client"). A file without them is what it was before there were any.

/// From the first one with an MQTT client on, a number is that of somebody else.
inline constexpr number_range person_numbers{.most = mqtt_user_base - 1};

/// "user 3" or "mqtt 3".
[[nodiscard]] std::string text_of_person(user_id user);
bool read_person(line_reader& in, user_id& to);

/// "mqtt 0 version 5 expiry 60 …", one line each.
[[nodiscard]] std::string mqtt_people_text(const scenario& what);
/// Behind the key.
bool read_mqtt_person(line_reader& in, scenario& to);

/// A topic or filter as it is written: '#' begins a comment, so that '*' stands for it.
[[nodiscard]] std::string name_text(const std::string& name);
[[nodiscard]] std::string take_name(line_reader& in);

/// " qos 1 retain", what the operation has besides topic, count, size and name.
[[nodiscard]] std::string mqtt_details_text(const operation& what);
bool read_mqtt_details(line_reader& in, operation& to);

} // namespace kodama::sim
