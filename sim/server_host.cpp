#include "sim/server_host.hpp"

#include "actors/messages.hpp"
#include "protocol/datagram_channel.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace kodama::sim {
namespace {

constexpr trace_kind started_kind{"server.started"};
constexpr trace_kind killed_kind{"server.killed"};
constexpr trace_kind paused_kind{"server.paused"};

actors::node_options node_options_of(const scenario& plan) {
  const auto in_ms = [](duration d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d);
  };
  actors::node_options options;
  options.publish_topics_max = plan.publish_topics_max;
  options.filter_work_max = plan.filter_work;
  options.filter_rest = plan.filter_rest;
  options.filters_under_way_max = plan.filters_under_way;
  options.session.session_buffer_max = plan.session_buffer_max;
  options.session.keepalive_min = std::chrono::milliseconds{500};
  options.session.limits.unacknowledged_max = plan.unacknowledged_max;
  options.session.limits.topics_max = plan.topics_max;
  options.session.limits.resume_window_ms =
      static_cast<std::uint32_t>(in_ms(plan.resume_window).count());
  options.mqtt.receive_maximum = static_cast<std::uint16_t>(plan.mqtt_receive_maximum);
  options.mqtt.session_buffer_max = plan.session_buffer_max;
  return options;
}

} // namespace

std::string token_of(user_id user) {
  return "kodama-token-" + std::to_string(user);
}

server_host::server_host(const context& world, network& wires, witness& watching,
                         const scenario& plan, host_clock clock)
    : world_{world}
    , network_{wires}
    , witness_{watching}
    , plan_{plan}
    , clock_{clock}
    , host_{wires.add_host("server", network::role::server)}
    , options_{node_options_of(plan)}
    , chance_{decision_stream{world.seed, "server.chance", 0}, world.queue}
    , surroundings_{*this, chance_, *this, *this, *this}
    , config_{world.queue, clock_, schedule{world.seed, plan.change_points}} {
  world_.history.name_host(host_, "server");
  for (user_id i = 0; i != plan_.users + plan_.mqtt.size(); ++i) {
    auto each = std::make_shared<actors::account>();
    each->holder = std::size_t{i} + 1;
    accounts_.push_back(std::move(each));
  }
}

server_host::~server_host() {
  if (running())
    take_down(); // the run is over: no event of its story
}

std::optional<session_id> server_host::secret_of(client_id client) const {
  const auto at = secrets_.find(client);
  return at == secrets_.end() ? std::nullopt : std::optional{at->second};
}

std::uint32_t server_host::life_of(std::uint64_t connection) const {
  const auto at = accepted_by_.find(connection);
  return at == accepted_by_.end() ? 0 : at->second;
}

void server_host::start() {
  ++life_;
  world_.history.note(now(), host_, started_kind, life_, 0, 0,
                      [&] { return "begins: process " + std::to_string(life_) + " serves"; });
  witness_.tell(&checker::on_server_started, now(), life_, plan_.resume_window);
  process_ = std::make_unique<process>(config_);
  process_->system.await_actors_before_shutdown(false);
  process_->node.emplace(std::vector<runtime::home_unit*>{&home_of(process_->system)}, options_,
                         surroundings_);
  network_.listen(host_, server_port, *this);
  network_.listen(host_, mqtt_port, mqtt_entrance_);
  socket_ = network_.open_udp(host_, server_port, *this);
}

void server_host::kill() {
  static_cast<void>(run_turn(false)); // what has begun at this instant comes to its end
  world_.history.note(now(), host_, killed_kind, life_, 0, 0, [&] {
    return "dies: process " + std::to_string(life_) + ", with all its sessions and topics";
  });
  witness_.tell(&checker::on_server_stopped, now(), life_);
  take_down();
}

void server_host::take_down() {
  network_.crash(host_, true);
  for (const auto& each : links_)
    each->close(); // so that nobody is told of anything any more
  process_->node.reset();
  home_of(process_->system).run_out();
  paths_.clear();
  links_.clear();
  secrets_.clear();
  mqtt_people_.clear();
  socket_.reset();
  process_.reset();
}

void server_host::pause(bool paused) {
  if (!running() || paused == paused_)
    return;
  paused_ = paused;
  world_.history.note(now(), host_, paused_kind, paused ? 1 : 0, 0, 0,
                      [&] { return paused ? "stands still" : "goes on"; });
  witness_.tell(&checker::on_server_paused, now(), paused);
}

void server_host::leap(duration by) {
  clock_.leap(by);
  witness_.tell(&checker::on_server_leapt, now(), by);
}

bool server_host::run_turn(bool packets) {
  if (!running() || paused_)
    return false;
  auto& home = home_of(process_->system);
  home.fire_timers();
  bool any = false;
  // The event that was to happen first may have been the alarm of a timer that is now set anew.
  // Then there may be none so soon, and who is ready would wait for longer than an actor may lag.
  do {
    while (home.run_one(packets))
      any = true;
    if (any) { // else nobody has written, nor heard that a link is over
      for (const auto& each : links_)
        each->flush();
      std::erase_if(links_, [](const auto& each) { return each->is_over(); });
    }
    arm_timer();
  } while (home.is_behind(packets));
  return any;
}

void server_host::arm_timer() {
  const auto wanted = home_of(process_->system).next_timer();
  if (wanted == timer_at_)
    return;
  world_.queue.cancel(timer_);
  timer_ = {};
  timer_at_ = wanted;
  // An empty event: the world runs the server's turn after each event anyway.
  if (wanted != never)
    timer_ = world_.queue.schedule(wanted, [this] { timer_at_ = never; });
}

// --- the seam ---------------------------------------------------------------------------------

void server_host::on_accept(tcp_endpoint_ptr accepted) {
  admit(std::move(accepted), false);
}

void server_host::admit(tcp_endpoint_ptr accepted, bool mqtt) {
  accepted_by_.emplace(accepted->id(), life_);
  ++last_link_;
  auto ear = mqtt ? std::make_unique<mqtt_ear>(world_.queue, witness_, last_link_) : nullptr;
  auto made = std::make_shared<sim_link>(last_link_, std::move(accepted), std::move(ear));
  links_.push_back(made);
  caf::anon_send(mqtt ? process_->node->mqtt_door(0) : process_->node->door(0),
                 actors::link_accepted{made, links_.size(),
                                       plan_.udp ? std::optional<std::uint16_t>{0} : std::nullopt});
}

void server_host::on_datagram(const address& from, byte_view data) {
  const auto path = datagram_channel::peek_path(data);
  if (!path)
    return;
  if (const auto at = paths_.find(*path); at != paths_.end())
    caf::anon_send(at->second, actors::datagram_arrived{from, bytes{data.begin(), data.end()}});
}

void server_host::bind(path_id path, const caf::actor& session) {
  paths_.insert_or_assign(path, session);
}

void server_host::unbind(path_id path) {
  paths_.erase(path);
}

void server_host::send(const address& to, byte_view datagram) {
  if (socket_)
    static_cast<void>(socket_->send(to, datagram));
}

std::uint64_t server_host::unix_micros() const {
  const auto since = clock_.to_local(now()).time_since_epoch() + wall_offset_;
  return 1'700'000'000'000'000 +
         static_cast<std::uint64_t>(
             std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

std::optional<actors::account_ptr> server_host::identify(const actors::credentials& shown,
                                                         const caf::actor&, std::uint64_t) {
  for (user_id i = 0; i != plan_.users + plan_.mqtt.size(); ++i) {
    const auto user = i < plan_.users ? i : mqtt_user_base + i - plan_.users;
    if (shown.secret != token_of(user))
      continue;
    const decision_stream expiry{world_.seed, "token.expiry", hash_of(user_host(user))};
    const auto draw = expiry.at(logins_[user]++);
    const bool faults_end = now() >= instant{plan_.heal_at};
    if (!faults_end && decision_stream::is_hit(draw, plan_.plan.client.expired_token)) {
      world_.faults.strike(fault_kind::client_expired_token);
      return nullptr;
    }
    return accounts_[i];
  }
  return nullptr;
}

} // namespace kodama::sim
