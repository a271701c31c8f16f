#include "sim/world.hpp"

#include "protocol/udp_path.hpp"
#include "sim/event_queue.hpp"
#include "sim/mqtt_user.hpp"
#include "sim/network.hpp"
#include "sim/second_copy.hpp"
#include "sim/server_host.hpp"
#include "sim/user.hpp"
#include "sim/witness.hpp"

#include <algorithm>
#include <memory>

namespace kodama::sim {
namespace {

constexpr trace_kind strike_kind{"fault"};

/// Everything of one run, put together and taken apart in the right order.
class world {
public:
  world(const scenario& plan, trace& history)
      : plan_{plan}
      , context_{queue_, history, faults_, plan.seed, plan.plan}
      , network_{context_}
      , witness_{all_checkers(bounds_of(plan))}
      , server_{context_, network_, witness_, plan, clock_of("server")} {
    for (user_id id = 0; id != plan.users + plan.intruders; ++id)
      users_.push_back(std::make_unique<user>(context_, network_, witness_, plan, server_, id,
                                              clock_of(user_host(id)), id >= plan.users));
    for (user_id i = 0; i != plan.mqtt.size(); ++i) {
      const auto id = mqtt_user_base + i;
      people_.push_back(std::make_unique<mqtt_user>(context_, network_, witness_, plan, server_, id,
                                                    clock_of(user_host(id))));
    }
  }

  verdict run() {
    server_.start();
    schedule_operations();
    schedule_strikes();
    schedule_intruders();
    queue_.schedule(instant{plan_.heal_at}, [this] { heal(); });
    const auto end = instant{plan_.end_at};
    server_.run_turn(false);
    // After each event the server has its turn, at the same instant: time stands still while
    // anybody can run, unless the schedule lets the network go first.
    while (queue_.next_time() <= end && queue_.run_next())
      server_.run_turn(queue_.now() < instant{plan_.heal_at});
    finish(end);
    return make_verdict();
  }

private:
  static bounds bounds_of(const scenario& plan) {
    bounds limits;
    limits.session_buffer_max = plan.session_buffer_max;
    limits.sessions_max = actors::node_options{}.sessions_max;
    limits.liveness = plan.liveness_bound();
    // Who measures with a slow clock notices late.
    const auto drift = [&](duration of) {
      return of * static_cast<std::int64_t>(plan.plan.process.clock_drift.value) / 1'000'000;
    };
    const auto slack = limits.keepalive_slack;
    limits.keepalive_slack += drift(plan.keepalive * 3 / 2);
    // An answer may be under way when the other direction is blocked: it proves the way once more.
    const udp_path::options usual;
    const auto noticed = udp_path::detection_max(usual) + usual.answer_timeout_max;
    limits.udp_patience = noticed + drift(noticed) + slack;
    return limits;
  }

  [[nodiscard]] host_clock clock_of(std::string_view host) {
    const auto most = plan_.plan.process.clock_drift.value;
    if (most == 0)
      return host_clock{};
    faults_.strike(fault_kind::clock_drift);
    decision_stream chance{plan_.seed, "clock.drift", hash_of(host)};
    return host_clock{static_cast<std::int64_t>(chance.below(2 * most + 1)) -
                      static_cast<std::int64_t>(most)};
  }

  void schedule_operations() {
    for (const auto& each : plan_.operations) {
      if (!has_user(plan_, each.user))
        continue;
      if (each.user < mqtt_user_base)
        queue_.schedule(instant{each.at}, [this, &each] { users_[each.user]->carry_out(each); });
      else
        queue_.schedule(instant{each.at},
                        [this, &each] { people_[each.user - mqtt_user_base]->carry_out(each); });
    }
  }

  void schedule_strikes() {
    std::vector<timed_fault> on_network;
    strikes_ = plan_.strikes;
    // Of somebody who is not there.
    std::erase_if(strikes_, [&](const timed_fault& each) { return !has_host(plan_, each.host); });
    for (auto& each : strikes_)
      each.host = translated(each.host);
    for (const auto& each : strikes_) {
      if (network::can_strike(each.kind))
        on_network.push_back(each);
      else
        queue_.schedule(instant{each.at}, [this, &each] { strike(each); });
    }
    for (const auto& each : on_network)
      queue_.schedule(instant{each.at}, [this, each] {
        network_.strike(each);
        tell_blocked(each);
      });
    schedule_never_readers();
    schedule_clock_jump();
  }

  void tell_blocked(const timed_fault& struck) {
    auto which = udp_directions::both;
    switch (struck.kind) {
    case fault_kind::udp_blocked: break;
    case fault_kind::udp_blocked_to_host: which = udp_directions::to_user; break;
    case fault_kind::udp_blocked_from_host: which = udp_directions::from_user; break;
    default: return;
    }
    for (const auto& each : users_)
      if (each->host() == struck.host && !network_.healed())
        witness_.tell(&checker::on_udp_blocked, queue_.now(), each->id(), which,
                      queue_.now() + struck.lasts);
  }

  /// Where the machine of a person with an MQTT client really is in the row.
  [[nodiscard]] host_id translated(host_id named) const {
    const auto index = static_cast<std::uint32_t>(named) - 1 - mqtt_user_base;
    return static_cast<std::uint32_t>(named) > mqtt_user_base && index < people_.size()
               ? people_[index]->host()
               : named;
  }

  void schedule_intruders() {
    for (auto id = plan_.users; id != users_.size(); ++id) {
      decision_stream chance{plan_.seed, "intruder.at", id};
      for (int attempt = 0; attempt != 3; ++attempt)
        queue_.schedule(instant{chance.duration_between(duration{0}, plan_.heal_at)}, [this, id] {
          faults_.strike(fault_kind::client_wrong_token);
          users_[id]->carry_out(operation{{}, id, operation::kind::connect});
        });
    }
  }

  void schedule_never_readers() {
    for (user_id id = 0; id != plan_.users; ++id) {
      decision_stream chance{plan_.seed, "client.never_reads", hash_of(user_host(id))};
      if (!chance.happens(plan_.plan.client.never_reads))
        continue;
      const auto from = chance.duration_between(duration{0}, plan_.heal_at);
      queue_.schedule(instant{from}, [this, id, from] {
        if (users_[id]->can_suffer(fault_kind::client_slow_reader))
          faults_.strike(fault_kind::client_never_reads);
        users_[id]->stop_reading(plan_.heal_at - from);
      });
    }
  }

  void schedule_clock_jump() {
    decision_stream chance{plan_.seed, "clock.jump", 0};
    const auto& jump = plan_.plan.process.clock_jump;
    if (!chance.happens(jump.odds))
      return;
    const auto at = chance.duration_between(duration{0}, plan_.heal_at);
    const auto by = chance.duration_between(-jump.longest, jump.longest);
    queue_.schedule(instant{at}, [this, by] {
      faults_.strike(fault_kind::clock_jump);
      server_.jump(by);
    });
  }

  /// In the history it is in either case; a story tells what happened.
  void note(const timed_fault& fault, bool happens) {
    context_.history.note(queue_.now(), fault.host, strike_kind,
                          static_cast<std::uint64_t>(fault.kind),
                          static_cast<std::uint64_t>(fault.lasts.count()), 0,
                          [&] { return happens ? tell_fault(fault) : telling{}; });
  }

  /// Is there anything for it to strike?
  [[nodiscard]] bool can_strike(const timed_fault& fault) const {
    if (fault.host == server_.host())
      return may_strike(fault.kind, fault.host) &&
             (fault.kind != fault_kind::server_restart || server_.running());
    for (const auto& each : people_)
      if (each->host() == fault.host)
        return each->can_suffer(fault.kind);
    const auto number = static_cast<std::uint32_t>(fault.host);
    if (number > plan_.users)
      return false; // an intruder
    const auto& struck = *users_[number - 1];
    return fault.kind == fault_kind::client_second_copy ? secret_to_copy(struck).has_value()
                                                        : struck.can_suffer(fault.kind);
  }

  /// Of the session that the user has now.
  [[nodiscard]] std::optional<session_id> secret_to_copy(const user& of) const {
    return of.session().server_life == server_.life() ? server_.secret_of(of.session().client)
                                                      : std::nullopt;
  }

  void strike(const timed_fault& fault) {
    const bool happens = can_strike(fault);
    note(fault, happens);
    if (!happens)
      return;
    faults_.strike(fault.kind);
    const auto number = static_cast<std::uint32_t>(fault.host);
    switch (fault.kind) {
    case fault_kind::server_pause:
      server_.pause(true);
      network_.isolate(server_.host(), fault.lasts);
      queue_.schedule_in(fault.lasts, [this] { server_.pause(false); });
      return;
    case fault_kind::server_restart:
      server_.pause(false);
      server_.kill();
      queue_.schedule_in(fault.lasts, [this] { server_.start(); });
      return;
    case fault_kind::clock_leap:
      if (number == 0)
        server_.leap(fault.lasts);
      break;
    case fault_kind::reconnect_storm:
      for (const auto& each : users_)
        network_.strike({fault_kind::tcp_reset, each->host(), {}, {}, fault.draw});
      for (const auto& each : people_)
        network_.strike({fault_kind::tcp_reset, each->host(), {}, {}, fault.draw});
      return;
    default: break;
    }
    for (const auto& each : people_)
      if (each->host() == fault.host)
        strike(*each, fault);
    if (number == 0 || number > plan_.users)
      return;
    auto& struck = *users_[number - 1];
    switch (fault.kind) {
    case fault_kind::client_pause: struck.pause(fault.lasts); break;
    case fault_kind::client_kill: struck.kill(fault.lasts); break;
    case fault_kind::client_kill_forget: struck.kill_and_forget(fault.lasts); break;
    case fault_kind::clock_leap: struck.leap(fault.lasts); break;
    case fault_kind::client_slow_reader: struck.stop_reading(fault.lasts); break;
    case fault_kind::client_flood: struck.flood(); break;
    case fault_kind::client_malformed: struck.send_garbage(fault.draw); break;
    case fault_kind::client_second_copy:
      witness_.tell(&checker::on_second_copy, queue_.now(), struck.session());
      copies_.push_back(std::make_unique<second_copy>(
          context_, network_, server_, struck.host(), token_of(struck.id()),
          *secret_to_copy(struck), plan_.keepalive, fault.draw));
      break;
    default: break;
    }
  }

  static void strike(mqtt_user& struck, const timed_fault& fault) {
    switch (fault.kind) {
    case fault_kind::client_pause: struck.pause(fault.lasts); break;
    case fault_kind::client_kill: struck.kill(fault.lasts); break;
    case fault_kind::client_kill_forget: struck.kill_and_forget(fault.lasts); break;
    case fault_kind::clock_leap: struck.leap(fault.lasts); break;
    case fault_kind::client_slow_reader: struck.stop_reading(fault.lasts); break;
    case fault_kind::client_flood: struck.flood(); break;
    case fault_kind::client_malformed: struck.send_garbage(fault.draw); break;
    default: break;
    }
  }

  void heal() {
    network_.heal();
    witness_.tell(&checker::on_healed, queue_.now());
  }

  void finish(instant end) {
    queue_.advance_to(end);
    std::vector<user_id> reachable;
    for (const auto& each : users_)
      if (each->reachable())
        reachable.push_back(each->id());
    std::vector<user_id> people;
    for (const auto& each : people_)
      if (each->reachable())
        people.push_back(each->id());
    witness_.tell(&checker::on_mqtt_end, end, people);
    witness_.tell(&checker::on_end, end, reachable);
  }

  verdict make_verdict() {
    verdict made;
    for (const auto& each : witness_.checkers()) {
      made.exercised[std::string{each->promise()}] = each->exercised();
      made.violations.insert(made.violations.end(), each->violations().begin(),
                             each->violations().end());
    }
    std::stable_sort(made.violations.begin(), made.violations.end(),
                     [](const violation& a, const violation& b) { return a.when < b.when; });
    made.trace_hash = context_.history.hash();
    made.events = queue_.events_run();
    made.simulated = plan_.end_at;
    made.faults = faults_;
    return made;
  }

  const scenario& plan_;
  event_queue queue_;
  fault_counters faults_;
  context context_;
  network network_;
  witness witness_;
  server_host server_;
  std::vector<std::unique_ptr<user>> users_;
  std::vector<std::unique_ptr<mqtt_user>> people_;
  std::vector<timed_fault> strikes_;
  std::vector<std::unique_ptr<second_copy>> copies_;
};

} // namespace

verdict run(const scenario& what, trace& history) {
  return world{what, history}.run();
}

} // namespace kodama::sim
