#pragma once

#include "protocol/client_connection.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"
#include "sim/scheduler.hpp"
#include "sim/seeded_chance.hpp"
#include "sim/server_host.hpp"
#include "sim/witness.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace kodama::sim {

/// One user and the machine that runs the client library for them: the production
/// client_connection, on the invented network, under a script.
///
/// Also what the fault plan does to clients: stopped machines, killed processes, slow readers,
/// floods, garbage.
class user final : private tcp_handler, private udp_handler {
public:
  user(const context& world, network& wires, witness& watching, const scenario& plan,
       const server_host& server, user_id id, host_clock clock, bool intruder);
  ~user() override;

  [[nodiscard]] user_id id() const noexcept { return id_; }
  [[nodiscard]] host_id host() const noexcept { return host_; }
  /// Meant to be connected now.
  [[nodiscard]] bool reachable() const noexcept;
  [[nodiscard]] session_key session() const noexcept { return session_; }
  [[nodiscard]] bool connected() const noexcept { return connected_; }

  void carry_out(const operation& what);

  // Faults, which do nothing where there is nothing to strike.
  [[nodiscard]] bool can_suffer(fault_kind what) const noexcept;
  void pause(duration lasts);
  /// The process dies and comes back with what it knew.
  void kill(duration lasts);
  /// … or as a stranger.
  void kill_and_forget(duration lasts);
  void stop_reading(duration lasts);
  /// The machine's clock goes ahead at once.
  void leap(duration by);
  void flood();
  void send_garbage(std::uint64_t draw);

private:
  struct incarnation {
    incarnation(client_connection::options options, chance& random)
        : core{std::move(options), random} {}

    client_connection core;
    tcp_endpoint_ptr tcp;
    udp_socket_ptr udp;
    std::map<request_id, message_tag> publishes;
    bool tcp_connected = false;
  };

  /// A new process, with a token that is wrong now and then.
  void begin();
  void begin_anew();
  /// The server did not know the token: the person tries again a little later.
  void refuse_login();
  void log_in_again();
  void publish(const operation& what);
  /// Lets the library say what it has to say, and does what it asks for.
  void drain();
  void handle(client_event::any& event);
  [[nodiscard]] bool hidden_by_canary(const client_event::received& message);
  void write();
  void arm_timer();
  void run_later(duration wait, void (user::*what)());
  void come_back();
  void come_back_forgetful();
  void read_again();

  // tcp_handler, udp_handler
  void on_connected() override;
  void on_bytes(byte_view data) override;
  void on_drained() override;
  void on_closed(close_reason reason) override;
  void on_datagram(const address& from, byte_view data) override;

  [[nodiscard]] instant now() const { return world_.queue.now(); }
  [[nodiscard]] instant local() const { return clock_.to_local(now()); }
  [[nodiscard]] bool down() const noexcept { return down_ != 0; }
  /// `tell`: as trace::note() has it; the session is added to the facts.
  template <class Tell>
  void note(const trace_kind& kind, std::uint64_t a, std::uint64_t b, Tell&& tell) {
    world_.history.note(now(), host_, kind, id_, a, b, [&] { return in_session(tell()); });
  }
  [[nodiscard]] telling in_session(telling told) const;

  const context& world_;
  network& network_;
  witness& witness_;
  const scenario& plan_;
  const server_host& server_;
  user_id id_;
  host_clock clock_;
  bool intruder_;
  host_id host_;
  seeded_chance chance_;
  std::optional<incarnation> self_;
  bool wants_connection_ = false;
  /// Topics and filters the person wants, whatever the process remembers.
  std::set<std::string> wanted_;
  std::uint32_t published_ = 0;
  std::uint32_t delivered_ = 0; ///< messages with a guarantee
  std::uint32_t lives_ = 0;
  bool mistyped_ = false; ///< the token of this process
  session_key session_;
  bool connected_ = false;
  bool udp_up_ = false; ///< as the library says
  unsigned down_ = 0;
  unsigned not_reading_ = 0;
  bool draining_ = false;
  event_token timer_;
  instant timer_at_ = never;
};

} // namespace kodama::sim
