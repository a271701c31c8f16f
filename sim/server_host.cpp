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
constexpr trace_kind opened_kind{"session.opened"};
constexpr trace_kind attached_kind{"session.attached"};
constexpr trace_kind resumed_kind{"session.resumed"};
constexpr trace_kind detached_kind{"session.detached"};
constexpr trace_kind ended_kind{"session.ended"};
constexpr trace_kind subscribed_kind{"topic.subscribed"};
constexpr trace_kind unsubscribed_kind{"topic.unsubscribed"};
constexpr trace_kind sequenced_kind{"topic.sequenced"};
constexpr trace_kind presence_kind{"topic.presence"};
constexpr trace_kind route_kind{"session.route"};

actors::node_options node_options_of(const scenario& plan) {
  const auto in_ms = [](duration d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d);
  };
  actors::node_options options;
  options.publish_topics_max = plan.publish_topics_max;
  options.session.session_buffer_max = plan.session_buffer_max;
  options.session.keepalive_min = std::chrono::milliseconds{500};
  options.session.limits.unacknowledged_max = plan.unacknowledged_max;
  options.session.limits.topics_max = plan.topics_max;
  options.session.limits.resume_window_ms =
      static_cast<std::uint32_t>(in_ms(plan.resume_window).count());
  return options;
}

std::string reason_text(errc reason) {
  return ": " + std::string{kodama::to_string(reason)};
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
  for (user_id user = 0; user != plan_.users; ++user) {
    auto each = std::make_shared<actors::account>();
    each->holder = std::size_t{user} + 1;
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
  while (home.run_one(packets))
    any = true;
  for (const auto& each : links_)
    each->flush();
  std::erase_if(links_, [](const auto& each) { return each->is_over(); });
  arm_timer();
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
  accepted_by_.emplace(accepted->id(), life_);
  auto made = std::make_shared<sim_link>(++last_link_, std::move(accepted));
  links_.push_back(made);
  caf::anon_send(process_->node->door(0), actors::link_accepted{made, links_.size()});
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
  for (user_id user = 0; user != plan_.users; ++user) {
    if (shown.secret != token_of(user))
      continue;
    const decision_stream expiry{world_.seed, "token.expiry", hash_of(user_host(user))};
    const auto draw = expiry.at(logins_[user]++);
    const bool faults_end = now() >= instant{plan_.heal_at};
    if (!faults_end && decision_stream::is_hit(draw, plan_.plan.client.expired_token)) {
      world_.faults.strike(fault_kind::client_expired_token);
      return nullptr;
    }
    return accounts_[user];
  }
  return nullptr;
}

telling server_host::tell_session(std::string_view verb, client_id client, std::string_view rest,
                                  std::string_view state) const {
  const auto name = name_of(key_of(client));
  telling told{std::string{verb} + ' ' + name + std::string{rest}, {{"session", name}}};
  if (!state.empty())
    told.facts.push_back({"state", std::string{state}});
  return told;
}

telling server_host::tell_topic(std::string_view verb, client_id client, std::string_view joint,
                                std::string_view topic, std::string_view rest) const {
  auto told = tell_session(verb, client, "", "");
  for (const auto piece : {joint, topic, rest})
    told.text += piece;
  told.facts.push_back({"topic", std::string{topic}});
  return told;
}

// --- what the node decides --------------------------------------------------------------------

void server_host::on_session_opened(client_id client, const session_id& session) {
  secrets_.emplace(client, session);
  world_.history.note(now(), host_, opened_kind, client, 0, 0,
                      [&] { return tell_session("opens", client, "", "attached"); });
  witness_.tell(&checker::on_session_opened, now(), key_of(client));
}

void server_host::on_session_resumed(client_id client) {
  world_.history.note(now(), host_, resumed_kind, client, 0, 0,
                      [&] { return tell_session("resumes", client, "", "attached"); });
}

void server_host::on_attached(client_id client, actors::link_id link, std::uint32_t keepalive_ms) {
  world_.history.tell(now(), host_, attached_kind, [&] {
    return tell_session("gives a connection to", client, " (link " + std::to_string(link) + ")",
                        "attached");
  });
  witness_.tell(&checker::on_attached, now(), key_of(client), link,
                duration{std::chrono::milliseconds{keepalive_ms}});
}

void server_host::on_heard(client_id client, actors::link_id link) {
  witness_.tell(&checker::on_heard, now(), key_of(client), link);
}

void server_host::on_backlog(client_id client, std::size_t bytes) {
  witness_.tell(&checker::on_backlog, now(), key_of(client), bytes);
}

void server_host::on_session_detached(client_id client, errc reason) {
  world_.history.note(
      now(), host_, detached_kind, client, static_cast<std::uint64_t>(reason), 0, [&] {
        return tell_session("sees no connection of", client, reason_text(reason), "detached");
      });
  witness_.tell(&checker::on_session_detached, now(), key_of(client), reason);
}

void server_host::on_session_ended(client_id client, errc reason) {
  secrets_.erase(client);
  world_.history.note(now(), host_, ended_kind, client, static_cast<std::uint64_t>(reason), 0,
                      [&] { return tell_session("ends", client, reason_text(reason), "ended"); });
  witness_.tell(&checker::on_session_ended, now(), key_of(client), reason);
}

void server_host::on_subscribed(std::string_view topic, client_id client, topic_sequence first) {
  world_.history.note(now(), host_, subscribed_kind, client, hash_of(topic), first, [&] {
    return tell_topic("subscribes", client, " to ", topic,
                      " from number " + std::to_string(first) + " on");
  });
  witness_.tell(&checker::on_server_subscribed, now(), topic, key_of(client), first);
}

void server_host::on_unsubscribed(std::string_view topic, client_id client, topic_sequence end) {
  world_.history.note(now(), host_, unsubscribed_kind, client, hash_of(topic), end, [&] {
    return tell_topic("unsubscribes", client, " from ", topic,
                      " before number " + std::to_string(end));
  });
  witness_.tell(&checker::on_server_unsubscribed, now(), topic, key_of(client), end);
}

void server_host::on_sequenced(std::string_view topic, client_id sender, topic_sequence first,
                               const message_batch& batch) {
  for (std::size_t i = 0; i != batch.count(); ++i) {
    const auto whole = byte_view{batch.image}.subspan(batch.starts[i], batch.size_of(i));
    const auto header = read_header(whole, {1U << 30, 1024});
    const auto body = message::decode(**header, whole.subspan(message_header_size), 1024);
    const auto tag = tag_of(std::get<message::publish>(*body).content).value_or(message_tag{});
    world_.history.note(now(), host_, sequenced_kind, hash_of(topic), first + i, tag.number, [&] {
      const auto number = std::to_string(first + i);
      return telling{"gives " + name_of(tag) + " the number " + number + " of " +
                         std::string{topic},
                     {{"topic", std::string{topic}},
                      {"message", name_of(tag)},
                      {"number", number},
                      {"session", name_of(key_of(sender))}}};
    });
    witness_.tell(&checker::on_sequenced, now(), topic, key_of(sender), first + i, tag);
  }
}

void server_host::on_presence(std::string_view topic, presence_sequence sequence, client_id client,
                              message::presence_event event) {
  world_.history.note(now(), host_, presence_kind, hash_of(topic), sequence, client, [&] {
    return tell_topic("announces that", client,
                      event == message::presence_event::joined ? " joined " : " left ", topic,
                      ", presence number " + std::to_string(sequence));
  });
  witness_.tell(&checker::on_server_presence, now(), topic, life_, sequence, client, event);
}

void server_host::on_route_changed(client_id client, bool udp) {
  world_.history.note(now(), host_, route_kind, client, udp ? 1 : 0, 0, [&] {
    return tell_session("sends unreliable messages to", client, udp ? " by UDP" : " by TCP", "");
  });
}

} // namespace kodama::sim
