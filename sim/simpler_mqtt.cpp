#include "sim/simpler.hpp"

/// Simpler people with MQTT clients, and simpler things that they do.
namespace kodama::sim {
namespace {

/// Without its details: QoS and the like.
operation plain(const operation& what) {
  return {what.at, what.user, what.what, what.topic, what.count, what.size};
}

/// Each of the details for itself.
void add_details(ideas& to, const scenario& what, std::size_t index) {
  const auto at = [&](auto change) {
    add_idea(to, what, [index, change](scenario& one) { change(one.operations[index]); });
  };
  at([](operation& one) { one = plain(one); });
  at([](operation& one) { one.name.clear(); });
  at([](operation& one) { one.qos = 0; });
  at([](operation& one) { one.expiry = one.handling = 0; });
  at([](operation& one) { one.identifier = 0; });
  at([](operation& one) { one.retain = one.empty = false; });
  at([](operation& one) { one.no_local = one.as_published = false; });
  at([](operation& one) { one.clean = one.with_will = false; });
}

} // namespace

ideas with_simpler_people(const scenario& what) {
  ideas made;
  if (what.mqtt.empty())
    return made;
  add_idea(made, what, [](scenario& one) {
    one.mqtt.assign(one.mqtt.size(), {});
    for (auto& each : one.operations)
      each = plain(each);
  });
  for (std::size_t i = 0; i != what.mqtt.size(); ++i) {
    const auto at = [&](auto change) {
      add_idea(made, what, [i, change](scenario& one) { change(one.mqtt[i]); });
    };
    at([](mqtt_person& one) { one = {}; });
    at([](mqtt_person& one) { one.will.reset(); });
    at([](mqtt_person& one) { one.version = mqtt_person{}.version; });
    at([](mqtt_person& one) { one.session_expiry = mqtt_person{}.session_expiry; });
    at([](mqtt_person& one) { one.receive_maximum = mqtt_person{}.receive_maximum; });
    at([](mqtt_person& one) { one.aliases = mqtt_person{}.aliases; });
  }
  for (std::size_t i = 0; i != what.operations.size(); ++i)
    if (what.operations[i].user >= mqtt_user_base)
      add_details(made, what, i);
  return made;
}

} // namespace kodama::sim
