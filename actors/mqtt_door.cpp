#include "actors/mqtt_door.hpp"

#include "protocol/assert.hpp"
#include "protocol/mqtt/encode.hpp"

#include <string>
#include <utility>

namespace kodama::actors {

using mqtt::reason_code;

namespace {

std::uint32_t packet_size_max(const mqtt::connect& asked) {
  return asked.properties.maximum_packet_size.value_or(mqtt::packet_size_limit);
}

} // namespace

mqtt_door::mqtt_door(caf::actor_config& config, caf::actor registry, const node_options& options,
                     const surroundings& world)
    : pinned_actor{config}
    , registry_{std::move(registry)}
    , options_{options}
    , world_{world}
    , alarm_{*this} {}

caf::behavior mqtt_door::make_behavior() {
  return {
      [this](const link_accepted& m) { accept(m); },
      [this](link_received& m) { receive(m); },
      [](const link_drained&) {},
      [this](const link_closed& m) { visitors_.erase(m.link); },
      [this](const identified& m) { handle(m); },
      [this](const mqtt_refused& m) {
        m.link->bind(caf::actor{this}, link::reading::once);
        refuse(*m.link, m.why, m.version, m.packet_size_max);
      },
      [this](runtime::alarm_rang) { drop_overdue(); },
      [this](const shut_down&) {
        closing_ = true;
        for (const auto& [id, waiting] : visitors_)
          waiting.link->close();
        visitors_.clear();
      },
  };
}

void mqtt_door::on_exit() {
  alarm_.cancel();
  visitors_.clear();
  registry_ = nullptr;
}

void mqtt_door::accept(const link_accepted& accepted) {
  auto& link = *accepted.link;
  link.bind(caf::actor{this}, link::reading::once);
  // Before CONNECT nobody knows in which version to say why.
  if (closing_ || accepted.connections > options_.connections_max ||
      visitors_.size() >= options_.unauthenticated_max) {
    world_.watching.on_connection_refused(closing_ ? errc::going_away
                                          : accepted.connections > options_.connections_max
                                              ? errc::too_many_connections
                                              : errc::too_many_unauthenticated,
                                          link.peer());
    link.close();
    return;
  }
  visitors_.emplace(link.id(), visitor{accepted.link, {}, now() + options_.connect_timeout, false});
  arm_alarm();
}

void mqtt_door::receive(link_received& received) {
  const auto at = visitors_.find(received.link);
  if (at == visitors_.end())
    return; // refused already
  auto& waiting = at->second;
  if (waiting.stream.empty())
    waiting.stream = std::move(received.data);
  else
    append(waiting.stream, received.data);
  mqtt::packet_reader reader{options_.mqtt.packet_size_max};
  reader.feed(waiting.stream);
  const auto first = reader.next();
  if (!first) {
    refuse(*waiting.link, first.error(), reader.version());
    visitors_.erase(at);
  } else if (!*first) {
    waiting.link->bind(caf::actor{this}, link::reading::once);
  } else {
    judge(at, std::get<mqtt::connect>(**first));
  }
}

void mqtt_door::judge(visitors::iterator at, const mqtt::connect& asked) {
  auto& waiting = at->second;
  if (asked.properties.authentication_method) {
    refuse(*waiting.link,
           {reason_code::bad_authentication_method,
            "CONNECT: enhanced authentication is not offered here (4.12)"},
           asked.version, packet_size_max(asked));
    visitors_.erase(at);
    return;
  }
  waiting.asked = true;
  const credentials shown{asked.user_name.value_or(std::string_view{}),
                          asked.password ? as_text(*asked.password) : std::string_view{}};
  const auto known = world_.gate.identify(shown, caf::actor{this}, at->first);
  if (known)
    admit(at, asked, *known);
}

void mqtt_door::handle(const identified& found) {
  const auto at = visitors_.find(found.ticket);
  if (at == visitors_.end())
    return; // gone, or its time was up
  mqtt::packet_reader reader{options_.mqtt.packet_size_max};
  reader.feed(at->second.stream);
  const auto first = reader.next();
  KODAMA_ASSERT(first && *first); // it has been read before
  const auto& asked = std::get<mqtt::connect>(**first);
  if (!found.is_busy)
    return admit(at, asked, found.account);
  refuse(*at->second.link,
         {reason_code::server_busy, "CONNECT: too many passwords wait to be judged; try again"},
         asked.version, packet_size_max(asked));
  visitors_.erase(at);
}

void mqtt_door::admit(visitors::iterator at, const mqtt::connect& asked, account_ptr account) {
  auto& waiting = at->second;
  if (!account) {
    refuse(*waiting.link,
           {reason_code::bad_user_name_or_password,
            "CONNECT: User Name and Password, or the token in its place, are not known here"},
           asked.version, packet_size_max(asked));
  } else {
    mqtt_admission asking;
    asking.link = std::move(waiting.link);
    asking.door = caf::actor{this};
    asking.home = home().index();
    asking.account = std::move(account);
    asking.client = asked.client_id;
    asking.version = asked.version;
    asking.packet_size_max = packet_size_max(asked);
    asking.stream = std::move(waiting.stream);
    send(registry_, std::move(asking));
  }
  visitors_.erase(at);
}

void mqtt_door::refuse(link& from, const mqtt::error& why,
                       std::optional<mqtt::protocol_version> version,
                       std::uint32_t packet_size_max) {
  (void)mqtt::encode_refusal(from.output(), why, version, packet_size_max);
  world_.watching.on_mqtt_refused(why.reason, from.peer());
  from.close();
}

void mqtt_door::drop_overdue() {
  while (!visitors_.empty() && visitors_.begin()->second.deadline <= now()) {
    auto& late = *visitors_.begin()->second.link;
    world_.watching.on_connection_refused(errc::connect_timeout, late.peer());
    late.close();
    visitors_.erase(visitors_.begin());
  }
  arm_alarm();
}

void mqtt_door::arm_alarm() {
  alarm_.arm_at(visitors_.empty() ? never : visitors_.begin()->second.deadline);
}

} // namespace kodama::actors
