#pragma once

#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"
#include "sim/checkers/deadline.hpp"
#include "sim/checkers/mqtt_books.hpp"
#include "sim/checkers/mqtt_shares.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kodama::sim::checkers {

/// Holds the run to `mqtt`: what MQTT 5.0 and 3.1.1 say about delivery, sessions, wills and
/// retained messages. Each contradiction names its clause.
///
/// Three views together: the packets at the server's end of each connection, what the people with
/// the clients do and see, and what the topics sequence. A subscription counts from SUBACK until
/// UNSUBSCRIBE for what has to come, from SUBSCRIBE until UNSUBACK for what may come.
class mqtt_rules final : public checker {
public:
  explicit mqtt_rules(const bounds& limits)
      : deadline_{limits.liveness}
      , session_buffer_max_{limits.session_buffer_max} {}

  [[nodiscard]] std::string_view promise() const override { return "mqtt"; }

  void on_published(instant, user_id, session_key, std::string_view topic, message_tag,
                    bool reliable) override;
  void on_sequenced(instant, std::string_view topic, session_key sender, topic_sequence,
                    message_tag) override;
  void on_mqtt_published(instant, user_id, const mqtt_message&, std::uint32_t expiry) override;
  void on_mqtt_completed(instant, user_id, message_tag, mqtt::reason_code) override;
  void on_mqtt_session_lost(instant, user_id, const std::vector<message_tag>&) override;
  void on_mqtt_received(instant, user_id, const mqtt_message&) override;
  void on_mqtt_connected(instant, user_id, bool present) override;
  void on_mqtt_disconnected(instant, user_id) override;
  void on_mqtt_heard(instant, std::uint64_t link, const mqtt::packet&) override;
  void on_mqtt_said(instant, std::uint64_t link, const mqtt::packet&) override;
  void on_mqtt_closed(instant, std::uint64_t link) override;
  void on_mqtt_attached(instant, user_id, std::uint64_t link, bool present) override;
  void on_mqtt_detached(instant, user_id, mqtt::reason_code) override;
  void on_mqtt_ended(instant, user_id) override;
  void on_mqtt_dropped(instant, user_id, std::size_t count) override;
  void on_server_stopped(instant, std::uint32_t life) override;
  void on_server_paused(instant, bool paused) override;
  void on_server_leapt(instant, duration by) override;
  void on_healed(instant) override;
  void on_mqtt_end(instant, const std::vector<user_id>& reachable) override;

private:
  using session = mqtt_books::session;
  using connection = mqtt_books::connection;
  using message = mqtt_books::message;
  using window = mqtt_books::window;

  // Sessions (mqtt_sessions.cpp).
  void judge_present(instant now, user_id user, const connection& asked, bool present);
  void judge_takeover(instant now, const connection& fresh);
  /// Connections are written one after the other: whether an old one was closed is seen when all
  /// have had their turn.
  void judge_takeovers(instant now);
  [[nodiscard]] instant server_time(instant now) const { return now + leapt_; }
  void hear_connect(instant now, std::uint64_t link, const mqtt::connect& asked);
  void hear(instant now, session& in, const connection& by, const mqtt::packet& what);
  void say(instant now, session& in, const connection& by, const mqtt::packet& what);

  // Wills (mqtt_wills.cpp).
  struct will {
    enum class state { armed, due, cancelled, either };
    user_id user = 0;
    state now = state::armed;
    duration delay{};
    instant due = never; ///< in the server's time
    unsigned published = 0;
  };
  void arm_will(const connection& by);
  void detach_will(instant now, const session& in, mqtt::reason_code reason);
  void decide_wills(instant now, user_id user, bool session_goes_on);
  void judge_will(instant now, message_tag tag);
  void judge_missing_wills(instant now);

  // What the server sends (mqtt_deliveries.cpp).
  void judge_publish(instant now, session& to, const connection& by, const mqtt::publish& what);
  void judge_identifier(instant now, session& to, const connection& by, const mqtt::publish& what,
                        message_tag tag, bool& again);
  void judge_order(instant now, session& to, const mqtt::publish& what, message_tag tag,
                   const message& known);
  void judge_subscription(instant now, session& to, const mqtt::publish& what, message_tag tag,
                          const message& known);
  void judge_retained(instant now, session& to, const mqtt::publish& what, message_tag tag,
                      const message& known);
  /// Whether it had its place in the topic before what this person had retained there, with a
  /// guarantee and on the same connection, when they asked.
  [[nodiscard]] bool is_outdated(message_tag tag, const message& known, const window& by);
  void judge_expiry(instant now, const session& to, const mqtt::publish& what, message_tag tag,
                    const message& known);

  // By which subscriptions it goes out, and what groups get (mqtt_groups.cpp).

  /// The subscriptions by which a PUBLISH may have come. Identifiers tell them apart where they
  /// have any.
  struct origin {
    bool plain = false;              ///< one that is not shared
    std::vector<std::string> groups; ///< the filters of those that are

    [[nodiscard]] bool is_none() const { return !plain && groups.empty(); }
    [[nodiscard]] bool is_certain() const { return groups.size() + (plain ? 1 : 0) == 1; }
  };
  [[nodiscard]] static origin find_origin(instant now, const session& to, const mqtt::publish& what,
                                          const message& known, bool by_identifier);
  void judge_identifiers(instant now, const session& to, const mqtt::publish& what, message_tag tag,
                         const message& known, const origin& by);
  /// Whether this copy was counted when it first went out. One that went out on a connection that
  /// had just been taken over was not.
  [[nodiscard]] bool is_known_share(const session& to, message_tag tag, const origin& by);
  void note_group(user_id user, const mqtt::subscription& asked);
  void judge_share(instant now, const session& to, const mqtt::publish& what, message_tag tag,
                   const message& known, const origin& by);
  /// What goes out to a session in the moment in which `next`, a new one of the same person, ends
  /// it may be all that the group gets of it.
  void note_last_words(instant now, const session& next, const mqtt::publish& what);
  /// Those who are connected come first: that is ours, 4.8.2 leaves it open.
  void judge_turn(instant now, const session& to, const std::string& group, message_tag tag);
  void owe_groups(instant now, message_tag tag, const message& known);
  void judge_group_debts(instant now, const std::vector<user_id>& reachable);
  [[nodiscard]] bool is_satisfied(const mqtt_shares::debt& what);
  /// Whether it may still be on its way, or wait for somebody who is away.
  [[nodiscard]] bool may_wait(instant now, const mqtt_shares::debt& what,
                              const std::vector<user_id>& reachable);

  // What has to arrive (mqtt_owed.cpp).
  void owe(instant now, message_tag tag, const message& known);
  /// What SUBACK promises of the retained messages that match.
  void owe_retained(instant now, session& to, mqtt::packet_id request);
  void judge_sequenced(instant now, std::string_view topic, message_tag tag, const message& known);

  struct person {
    bool connected = false;
    instant since{};
    instant new_session{}; ///< when it learned of the one that it believes in
    boost::container::flat_map<message_tag, unsigned> received;      ///< in its present session
    boost::container::flat_map<message_tag, unsigned> received_once; ///< at QoS 2; likewise
    boost::container::flat_set<message_tag> received_retained;       ///< with RETAIN; likewise
    boost::container::flat_map<message_tag, instant> open;
    by_topic<std::uint64_t> latest; ///< ordinal that was received, in its present session
    instant last_received{};
    instant last_counted{};       ///< … with a guarantee
    instant latest_published{};   ///< when the youngest was that it has received live
    std::set<std::string> groups; ///< that it ever asked to be in
  };

  /// Of a queue that moves on, message by message.
  static constexpr duration pause_max = std::chrono::seconds{5};
  /// Whether it waits in such a queue.
  [[nodiscard]] static bool is_in_line(instant now, const person& whose, std::string_view topic,
                                       const mqtt_books::debt& what);
  /// Whether another retained message took its place so soon that the topic may not have heard of
  /// the SUBSCRIBE yet, and was received in its stead (or, with Retain As Published, as it flowed
  /// by); or whether the topic was cleared as soon, so that it had nothing to send.
  [[nodiscard]] bool is_replaced(const person& whose, std::string_view topic,
                                 const mqtt_books::debt& what);

  /// One report of each kind for each person is enough.
  void complain(instant now, user_id user, std::string_view clause, const std::string& what);

  deadline deadline_;
  std::size_t session_buffer_max_;
  mqtt_books books_;
  mqtt_shares shares_;
  std::size_t dropped_ = 0; ///< what no member of a group could be given, as the server says
  std::map<user_id, person> people_;
  std::map<message_tag, will> wills_;
  std::map<std::pair<user_id, std::string>, std::uint32_t>
      first_sequenced_; ///< by publisher, topic
  std::set<std::pair<user_id, std::string>> told_;
  duration leapt_{0};
  std::vector<std::pair<instant, std::uint64_t>> takeovers_; ///< by fresh connection; to be judged
  instant disturbed_{};                                      ///< when the server last stood still
};

} // namespace kodama::sim::checkers
