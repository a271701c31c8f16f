#pragma once

#include "protocol/backoff.hpp"
#include "protocol/mqtt/client_session.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"
#include "sim/seeded_chance.hpp"
#include "sim/server_host.hpp"
#include "sim/witness.hpp"

#include <map>
#include <optional>
#include <string>

namespace kodama::sim {

/// One person with an MQTT client and the machine that it runs on: mqtt::client_session on the
/// invented network, under a script. The sibling of user.
///
/// Connects again whenever the connection is lost, until the script says disconnect; subscribes
/// again where the session is new, as such programs do. What the fault plan does to clients is done
/// to them, too.
class mqtt_user final : private tcp_handler {
public:
  mqtt_user(const context& world, network& wires, witness& watching, const scenario& plan,
            const server_host& server, user_id id, host_clock clock);

  [[nodiscard]] user_id id() const noexcept { return id_; }
  [[nodiscard]] host_id host() const noexcept { return host_; }
  /// Meant to be connected now.
  [[nodiscard]] bool reachable() const noexcept { return wants_connection_ && !down(); }

  void carry_out(const operation& what);

  // Faults, which do nothing where there is nothing to strike.
  [[nodiscard]] bool can_suffer(fault_kind what) const noexcept;
  void pause(duration lasts);
  /// The process dies and comes back with what it knew of its session.
  void kill(duration lasts);
  /// … or as a stranger, who begins with a clean start.
  void kill_and_forget(duration lasts);
  void stop_reading(duration lasts);
  void leap(duration by);
  void flood();
  void send_garbage(std::uint64_t draw);

private:
  using event = mqtt::client_session::event;
  using request_id = mqtt::client_session::request_id;
  struct wish {
    operation how;
    bool granted = false; ///< in this session
  };
  struct attempt {
    std::string filter;
    bool to_subscribe = false;
  };

  void begin();
  void publish(const operation& what);
  void subscribe(const std::string& filter, const operation& how);
  void unsubscribe(const std::string& filter);
  void drain();
  void handle(const event::any& happened);
  void handle(const event::connected& what);
  void handle(const event::session_lost& what);
  void handle(const event::completed& what);
  void handle(const event::answered& what);
  void handle(const event::received& what);
  void handle(const event::refused& what);
  void handle(const event::disconnected& what);
  void handle(const event::broken& what);
  void leave(std::uint64_t how, const std::string& why);
  /// Gives the connection up and tries again a little later.
  void lose_connection(bool at_once = false);
  void connect();
  void say_connect();
  void come_back();
  void come_back_forgetful();
  void read_again();
  void arm_timer();

  // tcp_handler
  void on_connected() override;
  void on_bytes(byte_view data) override;
  void on_drained() override { drain(); }
  void on_closed(close_reason reason) override;

  [[nodiscard]] instant now() const { return world_.queue.now(); }
  [[nodiscard]] instant local() const { return clock_.to_local(now()); }
  [[nodiscard]] bool down() const noexcept { return down_ != 0; }
  [[nodiscard]] const mqtt_person& person() const { return plan_.mqtt[id_ - mqtt_user_base]; }
  template <class Tell>
  void note(const trace_kind& kind, std::uint64_t a, std::uint64_t b, Tell&& tell) {
    world_.history.note(now(), host_, kind, id_, a, b, std::forward<Tell>(tell));
  }

  const context& world_;
  network& network_;
  witness& witness_;
  const scenario& plan_;
  const server_host& server_;
  user_id id_;
  host_clock clock_;
  host_id host_;
  seeded_chance chance_;
  backoff backoff_;
  std::optional<mqtt::client_session> core_;
  tcp_endpoint_ptr tcp_;
  bool tcp_connected_ = false;
  bool connected_ = false;
  bool clean_next_ = true; ///< the next CONNECT is a clean start
  bool wants_connection_ = false;
  std::map<std::string, wish> wanted_;
  std::map<std::string, bool> unwanted_; ///< left, and no UNSUBACK yet
  std::map<request_id, attempt> requests_;
  std::map<request_id, message_tag> publishes_;
  std::uint32_t published_ = 0;
  std::uint32_t delivered_ = 0;
  std::uint32_t wills_ = 0;
  unsigned down_ = 0;
  unsigned not_reading_ = 0;
  bool draining_ = false;
  instant retry_at_ = never;
  instant give_up_at_ = never; ///< the transport has to be up before
  event_token timer_;
  instant timer_at_ = never;
};

} // namespace kodama::sim
