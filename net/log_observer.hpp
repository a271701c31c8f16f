#pragma once

#include "actors/observer.hpp"

#include <spdlog/spdlog.h>

namespace kodama::net {

/// Writes the lives of sessions to the log; says nothing about single messages.
class log_observer : public actors::observer {
public:
  void on_connection_refused(errc reason, std::string_view peer) override {
    spdlog::info("connection from {} refused: {}", peer, to_string(reason));
  }
  void on_mqtt_refused(mqtt::reason_code reason, std::string_view peer) override {
    spdlog::info("connection from {} refused: {}", peer, mqtt::name_of(reason));
  }
  void on_mqtt_attached(client_id client, std::string_view name, mqtt::protocol_version version,
                        bool present, actors::link_id) override {
    spdlog::debug("client {}: \"{}\" connected with MQTT {}, session {}", client, name,
                  version == mqtt::protocol_version::v5 ? "5.0" : "3.1.1",
                  present ? "present" : "new");
  }
  void on_mqtt_detached(client_id client, mqtt::reason_code reason) override {
    spdlog::debug("client {}: connection gone: {}", client, mqtt::name_of(reason));
  }
  void on_mqtt_ended(client_id client, mqtt::reason_code reason) override {
    if (mqtt::is_failure(reason))
      spdlog::warn("client {}: session ended: {}", client, mqtt::name_of(reason));
    else
      spdlog::debug("client {}: session ended", client);
  }
  void on_session_opened(client_id client, const session_id& session) override {
    spdlog::debug("client {}: session {} opened", client, to_short_string(session));
  }
  void on_session_resumed(client_id client) override {
    spdlog::debug("client {}: session resumed", client);
  }
  void on_session_detached(client_id client, errc reason) override {
    spdlog::debug("client {}: connection gone: {}", client, to_string(reason));
  }
  void on_session_ended(client_id client, errc reason) override {
    if (reason == errc::normal || reason == errc::session_unknown || reason == errc::going_away)
      spdlog::debug("client {}: session ended: {}", client, to_string(reason));
    else
      spdlog::warn("client {}: session ended: {}", client, to_string(reason));
  }
  void on_limit_hit(client_id client, std::string_view account, std::string_view limit) override {
    if (account.empty())
      spdlog::info("client {}: refused by \"{}\"", client, limit);
    else
      spdlog::info("client {}: account \"{}\" was refused by \"{}\"", client, account, limit);
  }
  void on_route_changed(client_id client, bool udp) override {
    spdlog::debug("client {}: unreliable messages go by {}", client, udp ? "UDP" : "TCP");
  }
};

} // namespace kodama::net
