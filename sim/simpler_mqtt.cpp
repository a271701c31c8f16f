#include "sim/simpler.hpp"

/// Simpler people with MQTT clients, and simpler things that they do.
namespace kodama::sim {
namespace {

template <class Change>
void add(scenarios& to, const scenario& what, Change&& change) {
  auto one = what;
  change(one);
  to.push_back(tidied(std::move(one)));
}

/// Without its details: QoS and the like.
operation plain(const operation& what) {
  return {what.at, what.user, what.what, what.topic, what.count, what.size};
}

/// Each of the details for itself.
void add_details(scenarios& to, const scenario& what, std::size_t index) {
  const auto at = [&](auto&& change) {
    add(to, what, [&](scenario& one) { change(one.operations[index]); });
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

scenarios with_simpler_people(const scenario& what) {
  scenarios made;
  if (what.mqtt.empty())
    return made;
  add(made, what, [](scenario& one) {
    one.mqtt.assign(one.mqtt.size(), {});
    for (auto& each : one.operations)
      each = plain(each);
  });
  for (std::size_t i = 0; i != what.mqtt.size(); ++i) {
    const mqtt_person usual;
    const auto at = [&](auto&& change) {
      add(made, what, [&](scenario& one) { change(one.mqtt[i]); });
    };
    at([&](mqtt_person& one) { one = usual; });
    at([&](mqtt_person& one) { one.will.reset(); });
    at([&](mqtt_person& one) { one.version = usual.version; });
    at([&](mqtt_person& one) { one.session_expiry = usual.session_expiry; });
    at([&](mqtt_person& one) { one.receive_maximum = usual.receive_maximum; });
    at([&](mqtt_person& one) { one.aliases = usual.aliases; });
  }
  for (std::size_t i = 0; i != what.operations.size(); ++i)
    if (what.operations[i].user >= mqtt_user_base)
      add_details(made, what, i);
  return made;
}

} // namespace kodama::sim
