#pragma once

#include "actors/node.hpp"
#include "actors/observer.hpp"
#include "actors/world.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"
#include "sim/scheduler.hpp"
#include "sim/seeded_chance.hpp"
#include "sim/sim_link.hpp"
#include "sim/witness.hpp"

#include <caf/actor_system.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// What a user of a scenario proves themselves with.
[[nodiscard]] std::string token_of(user_id user);
/// What intruders try, and users who mistype theirs.
inline constexpr std::string_view wrong_token = "kodama-guessed";

inline constexpr std::uint16_t server_port = 7400;
inline constexpr std::uint16_t mqtt_port = 1883;

/// The machine on which the server runs: starts and kills its process, stops it for a while, and
/// connects the real actors (actors/node) to the invented network.
class server_host final : private tcp_listener,
                          private udp_handler,
                          private actors::datagram_port,
                          private actors::wall_clock,
                          private actors::gatekeeper,
                          private actors::observer {
public:
  server_host(const context& world, network& wires, witness& watching, const scenario& plan,
              host_clock clock);
  ~server_host() override;

  [[nodiscard]] host_id host() const noexcept { return host_; }
  [[nodiscard]] std::uint32_t life() const noexcept { return life_; }
  [[nodiscard]] bool running() const noexcept { return process_ != nullptr; }
  [[nodiscard]] session_key key_of(client_id client) const noexcept { return {life_, client}; }
  /// The process that accepted this connection; what it said may arrive after its death.
  [[nodiscard]] std::uint32_t life_of(std::uint64_t connection) const;
  /// For the second copy of a client: what only the client knows.
  [[nodiscard]] std::optional<session_id> secret_of(client_id client) const;

  void start();
  /// The process dies without a word.
  void kill();
  void pause(bool paused);
  /// The wall clock jumps.
  void jump(duration by) { wall_offset_ += by; }
  /// The monotonic clock does, and the wall clock with it.
  void leap(duration by);

  /// Lets actors run until none can or, with `packets`, until the network goes first; then writes
  /// what they had to say. False when there was nothing.
  bool run_turn(bool packets);

private:
  struct process {
    explicit process(sim_config& config)
        : system{config} {}
    caf::actor_system system;
    std::optional<actors::node> node;
  };

  /// Who comes in by the MQTT port.
  struct mqtt_entrance final : tcp_listener {
    explicit mqtt_entrance(server_host& host)
        : owner{host} {}
    void on_accept(tcp_endpoint_ptr accepted) override { owner.admit(std::move(accepted), true); }
    server_host& owner;
  };

  // The seam.
  void admit(tcp_endpoint_ptr accepted, bool mqtt);
  void on_accept(tcp_endpoint_ptr accepted) override;
  void on_datagram(const address& from, byte_view data) override;
  void bind(path_id path, const caf::actor& session) override;
  void unbind(path_id path) override;
  void send(const address& to, byte_view datagram) override;
  std::uint64_t unix_micros() const override;
  std::optional<actors::account_ptr> identify(const actors::credentials& shown,
                                              const caf::actor& asker,
                                              std::uint64_t ticket) override;

  // actors::observer
  void on_mqtt_attached(client_id client, std::string_view name, mqtt::protocol_version version,
                        bool present, actors::link_id link) override;
  void on_mqtt_detached(client_id client, mqtt::reason_code reason) override;
  void on_mqtt_ended(client_id client, mqtt::reason_code) override;
  void on_dropped(client_id client, actors::drop why, std::size_t count) override;
  void on_session_opened(client_id client, const session_id& session) override;
  void on_session_resumed(client_id client) override;
  void on_attached(client_id client, actors::link_id link, std::uint32_t keepalive_ms) override;
  void on_heard(client_id client, actors::link_id link) override;
  void on_backlog(client_id client, std::size_t bytes) override;
  void on_filters(actors::spoken by, client_id client, std::size_t count) override;
  void on_session_detached(client_id client, errc reason) override;
  void on_session_ended(client_id client, errc reason) override;
  void on_subscribed(std::string_view topic, client_id client, topic_sequence first) override;
  void on_unsubscribed(std::string_view topic, client_id client, topic_sequence end) override;
  void on_sequenced(std::string_view topic, client_id sender, topic_sequence first,
                    const message_batch& batch) override;
  void on_presence(std::string_view topic, presence_sequence sequence, client_id client,
                   message::presence_event event) override;
  void on_route_changed(client_id client, bool udp) override;

  void take_down();
  void arm_timer();
  [[nodiscard]] std::optional<user_id> find_mqtt_person(std::string_view client_identifier) const;
  /// For a story. `state`: what the bar of the session shows from here on.
  [[nodiscard]] telling tell_session(std::string_view verb, client_id client, std::string_view rest,
                                     std::string_view state) const;
  [[nodiscard]] telling tell_topic(std::string_view verb, client_id client, std::string_view joint,
                                   std::string_view topic, std::string_view rest) const;
  [[nodiscard]] instant now() const { return world_.queue.now(); }

  const context& world_;
  network& network_;
  witness& witness_;
  const scenario& plan_;
  host_clock clock_;
  host_id host_;
  actors::node_options options_;
  seeded_chance chance_;
  actors::surroundings surroundings_;
  sim_config config_;
  std::unique_ptr<process> process_;
  udp_socket_ptr socket_;
  std::map<path_id, caf::actor> paths_;
  std::vector<std::shared_ptr<sim_link>> links_;
  std::map<client_id, session_id> secrets_;
  mqtt_entrance mqtt_entrance_{*this};
  std::map<client_id, user_id> mqtt_people_;
  std::map<user_id, std::uint64_t> logins_;            ///< how often each user's token was judged
  std::vector<actors::account_ptr> accounts_;          ///< of each user
  std::map<std::uint64_t, std::uint32_t> accepted_by_; ///< connection to process
  actors::link_id last_link_ = 0;
  std::uint32_t life_ = 0;
  bool paused_ = false;
  duration wall_offset_{0};
  event_token timer_;
  instant timer_at_ = never;
};

} // namespace kodama::sim
