#include "actors/registry.hpp"

#include "actors/mqtt_session.hpp"
#include "actors/session.hpp"

#include <string>
#include <utility>

namespace kodama::actors {

registry::registry(caf::actor_config& config, std::vector<runtime::home_unit*> homes,
                   caf::actor directory, retained_quota_ptr retained, const node_options& options,
                   const surroundings& world)
    : pinned_actor{config}
    , homes_{std::move(homes)}
    , directory_{std::move(directory)}
    , retained_{std::move(retained)}
    , options_{options}
    , world_{world} {}

caf::behavior registry::make_behavior() {
  return {
      [this](admission& m) { open(m); },
      [this](const session_ended& m) {
        sessions_.erase(m.session);
        send(caf::actor_cast<caf::actor>(current_sender()), session_forgotten{});
      },
      [this](mqtt_admission& m) { open(m); },
      [this](const mqtt_session_ended& m) {
        mqtt_sessions_.erase({m.holder, m.client});
        send(caf::actor_cast<caf::actor>(current_sender()), session_forgotten{});
      },
      [this](const shut_down&) {
        closing_ = true;
        for (const auto& [id, session] : sessions_)
          send(session, shut_down{});
        for (const auto& [name, session] : mqtt_sessions_)
          send(session, shut_down{});
      },
  };
}

void registry::on_exit() {
  for (const auto& [id, session] : sessions_)
    send_exit(session, caf::exit_reason::kill);
  sessions_.clear();
  for (const auto& [name, session] : mqtt_sessions_)
    send_exit(session, caf::exit_reason::kill);
  mqtt_sessions_.clear();
  directory_ = nullptr;
}

void registry::open(admission& asking) {
  if (closing_) {
    refuse(asking, errc::going_away, "the server is shutting down");
    return;
  }
  if (asking.resume) {
    const auto at = sessions_.find(asking.resume->session);
    if (at == sessions_.end())
      refuse(asking, errc::session_unknown, std::string{no_such_session});
    else
      send(at->second, std::move(asking));
    return;
  }
  if (is_full()) {
    refuse(asking, errc::too_many_sessions,
           "sessions_max is " + std::to_string(options_.sessions_max));
    return;
  }
  session::identity who;
  world_.random.fill(who.session.value);
  who.client = ++last_client_;
  who.account = asking.account;
  // On the link's own home: nothing has to move, and connections spread as they were accepted.
  const auto opened = runtime::spawn_on<session>(*homes_[asking.home], who,
                                                 session::neighbours{caf::actor{this}, directory_},
                                                 options_, world_);
  sessions_.emplace(who.session, opened);
  send(opened, std::move(asking));
}

void registry::open(mqtt_admission& asking) {
  using mqtt::reason_code;
  const auto refused = [&](reason_code reason, std::string text) {
    send(asking.door,
         mqtt_refused{
             asking.link, asking.version, asking.packet_size_max, {reason, std::move(text)}});
  };
  if (closing_)
    return refused(reason_code::server_shutting_down, "the server is shutting down");
  asking.is_assigned = asking.client.empty();
  if (asking.is_assigned)
    asking.client = new_client_name();
  if (const auto at = mqtt_sessions_.find({asking.account->holder, asking.client});
      at != mqtt_sessions_.end()) {
    send(at->second, std::move(asking));
    return;
  }
  if (is_full())
    return refused(reason_code::quota_exceeded,
                   "sessions_max is " + std::to_string(options_.sessions_max));
  const auto opened = runtime::spawn_on<mqtt_session>(
      *homes_[asking.home], mqtt_session::identity{asking.client, ++last_client_, asking.account},
      mqtt_session::neighbours{caf::actor{this}, directory_, retained_}, options_, world_);
  mqtt_sessions_.emplace(std::pair{asking.account->holder, asking.client}, opened);
  send(opened, std::move(asking));
}

std::string registry::new_client_name() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = "kodama-";
  for (auto [i, word] = std::pair{0, world_.random.next()}; i != 16; ++i, word >>= 4)
    name += digits[word & 0xf];
  return name;
}

void registry::refuse(const admission& asking, errc reason, std::string text) {
  send(asking.door, admission_refused{asking.link, reason, std::move(text)});
}

} // namespace kodama::actors
