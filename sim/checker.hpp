#pragma once

#include "protocol/ids.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/result.hpp"
#include "protocol/time.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// A person of the scenario, numbered from 0: survives everything, has one session after another.
using user_id = std::uint32_t;

/// One session of one server process. ClientIDs begin anew when a server restarts.
struct session_key {
  std::uint32_t server_life = 0; ///< 1 for the first process
  client_id client = 0;

  auto operator<=>(const session_key&) const = default;
};

/// What a scripted publish carries, so that it is recognised wherever it turns up. Counts all
/// publishes of one user over the whole run, from 1; never repeats. The number 0 stands for content
/// that no user has published.
struct message_tag {
  user_id user = 0;
  std::uint32_t number = 0;

  auto operator<=>(const message_tag&) const = default;
};

/// People with an MQTT client are numbered from here on, so that native ones and they may come and
/// go without renumbering each other. Their wills carry tags of their own: a will may appear long
/// after what was published later.
inline constexpr user_id mqtt_user_base = 1'000'000;
inline constexpr user_id will_base = 2'000'000;
/// What stands for a message without content, which has no room for a tag.
inline constexpr message_tag empty_message{3'000'000, 1};

/// Such messages may come more than once (QoS 1), which is for the checker `mqtt` to judge.
[[nodiscard]] constexpr bool is_of_mqtt(message_tag tag) noexcept {
  return tag.user >= mqtt_user_base;
}

/// In which datagrams between a user and the server are blocked.
enum class udp_directions { both, to_user, from_user };

/// Bounds that the scenario sets and checkers hold the server to.
struct bounds {
  std::size_t session_buffer_max = 0;
  std::size_t sessions_max = 0;
  /// After heal(), everything owed has to be delivered within this.
  duration liveness{};
  /// A dead peer is noticed within 1.5 keepalives and this much scheduling slack.
  duration keepalive_slack = std::chrono::milliseconds{100};
  /// How long one may believe in a way by UDP on which nothing passes, or in one direction.
  duration udp_patience = std::chrono::seconds{16};
};

/// One broken promise.
struct violation {
  std::string_view promise; ///< the checker's name for it
  instant when;
  std::string text; ///< who, which topic and numbers, and the two facts that contradict each other
};

/// Watches a run and holds it to one promise of docs/delivery.md. One file each in sim/checkers/.
///
/// The world calls every member as things happen, in the order of virtual time; a checker keeps its
/// own model and reports the first contradiction. It sees what users see, and what the server
/// decides, and never looks into either. Deterministic: ordered containers only.
class checker {
public:
  virtual ~checker() = default;

  [[nodiscard]] virtual std::string_view promise() const = 0;
  /// How often the promise had a chance to be broken: a run in which it never had proves nothing.
  [[nodiscard]] std::uint64_t exercised() const noexcept { return exercised_; }
  [[nodiscard]] const std::vector<violation>& violations() const noexcept { return violations_; }

  // What users see. `who` is the session in which it happened.

  virtual void on_connected(instant, user_id, session_key /*who*/, bool /*resumed*/,
                            duration /*keepalive*/) {}
  /// Its connection is gone; it will resume.
  virtual void on_connection_lost(instant, user_id, session_key, errc /*reason*/) {}
  struct topic_gap {
    std::string topic;
    topic_sequence last_delivered = 0;
    topic_sequence first_owed = 0;
  };
  /// The client library gave up the session and told the user so, with these lists. `who.client` is
  /// 0 where no session had been opened yet.
  virtual void on_session_lost(instant, user_id, session_key /*who*/, errc /*reason*/,
                               const std::vector<message_tag>& /*unconfirmed*/,
                               const std::vector<topic_gap>& /*gaps*/) {}
  /// The user asks the client library to end its session.
  virtual void on_disconnecting(instant, user_id) {}
  /// No further attempts. Also after an explicit disconnect.
  virtual void on_stopped(instant, user_id, session_key /*who*/, errc /*reason*/) {}
  /// The user's process died and forgot everything: nothing it was owed counts any more, and the
  /// publishes it had open may or may not be delivered.
  virtual void on_forgot(instant, user_id, session_key /*who*/) {}
  /// A publish was handed to the client library. `who.client` is 0 before the first CONNACK.
  virtual void on_published(instant, user_id, session_key /*who*/, std::string_view /*topic*/,
                            message_tag, bool /*reliable*/) {}
  virtual void on_acknowledged(instant, user_id, session_key, message_tag) {}
  virtual void on_publish_failed(instant, user_id, session_key, message_tag, errc) {}
  /// `sequence` is 0 for a message without a guarantee. `by_udp`: as the receiver saw it.
  virtual void on_received(instant, user_id, session_key /*who*/, std::string_view /*topic*/,
                           topic_sequence /*sequence*/, client_id /*sender*/, message_tag,
                           bool /*by_udp*/) {}
  /// Content that no user of the scenario ever published.
  virtual void on_received_unknown(instant, user_id, session_key, std::string_view /*topic*/) {}
  /// Of a filter with wildcards, too: `topic` is the filter then, and the number 0.
  virtual void on_subscribed(instant, user_id, session_key, std::string_view /*topic*/,
                             topic_sequence /*first*/) {}
  /// An UNSUBSCRIBE was handed to the client library.
  virtual void on_unsubscribing(instant, user_id, session_key, std::string_view /*topic*/) {}
  virtual void on_unsubscribed(instant, user_id, session_key, std::string_view /*topic*/,
                               topic_sequence /*end*/) {}
  virtual void on_watching(instant, user_id, session_key, std::string_view /*topic*/,
                           presence_sequence /*first*/) {}
  virtual void on_unwatched(instant, user_id, session_key, std::string_view /*topic*/,
                            presence_sequence /*end*/) {}
  virtual void on_presence_received(instant, user_id, session_key, std::string_view /*topic*/,
                                    presence_sequence, client_id, message::presence_event) {}
  virtual void on_list(instant, user_id, session_key, std::string_view /*topic*/, presence_sequence,
                       const std::vector<client_id>& /*subscribers*/) {}
  /// The client library, if it runs at present, believes that datagrams pass; or no longer.
  virtual void on_udp_changed(instant, user_id, bool /*up*/) {}

  // What people with an MQTT client do and see.

  struct mqtt_message {
    std::string_view topic;
    message_tag tag;
    mqtt::qos qos{};
    bool retain = false;
  };
  /// `expiry`: in seconds, 0 is none. Handed to the client.
  virtual void on_mqtt_published(instant, user_id, const mqtt_message&, std::uint32_t /*expiry*/) {}
  /// Its publish of QoS 1 or 2 is answered to the end.
  virtual void on_mqtt_completed(instant, user_id, message_tag, mqtt::reason_code) {}
  /// The session is lost, and of these it is unknown whether they took effect.
  virtual void on_mqtt_session_lost(instant, user_id,
                                    const std::vector<message_tag>& /*unconfirmed*/) {}
  virtual void on_mqtt_received(instant, user_id, const mqtt_message&) {}
  virtual void on_mqtt_connected(instant, user_id, bool /*present*/) {}
  /// No longer, or not at all; also when its process is gone.
  virtual void on_mqtt_disconnected(instant, user_id) {}

  // The MQTT packets at the server's end of a connection, topic aliases resolved, and what it
  // decides about sessions.

  virtual void on_mqtt_heard(instant, std::uint64_t /*link*/, const mqtt::packet&) {}
  virtual void on_mqtt_said(instant, std::uint64_t /*link*/, const mqtt::packet&) {}
  virtual void on_mqtt_attached(instant, user_id, std::uint64_t /*link*/, bool /*present*/) {}
  virtual void on_mqtt_detached(instant, user_id, mqtt::reason_code) {}
  virtual void on_mqtt_ended(instant, user_id) {}
  /// So many messages that this person declined no other one of the group could be given.
  virtual void on_mqtt_dropped(instant, user_id, std::size_t /*count*/) {}
  /// Nothing passes on this connection any more, as its server sees it.
  virtual void on_mqtt_closed(instant, std::uint64_t /*link*/) {}

  // What the server decides (actors/observer.hpp).

  /// `resume_window`: how long it keeps a session without a connection.
  virtual void on_server_started(instant, std::uint32_t /*life*/, duration /*resume_window*/) {}
  /// The process is gone, and with it all its sessions and topics.
  virtual void on_server_stopped(instant, std::uint32_t /*life*/) {}
  virtual void on_session_opened(instant, session_key) {}
  virtual void on_session_detached(instant, session_key, errc /*reason*/) {}
  virtual void on_session_ended(instant, session_key, errc /*reason*/) {}
  /// A connection now carries the session. `link` tells connections apart.
  virtual void on_attached(instant, session_key, std::uint64_t /*link*/, duration /*keepalive*/) {}
  /// Bytes of this connection were accepted for the session.
  virtual void on_heard(instant, session_key, std::uint64_t /*link*/) {}
  virtual void on_server_subscribed(instant, std::string_view /*topic*/, session_key,
                                    topic_sequence /*first*/) {}
  virtual void on_server_unsubscribed(instant, std::string_view /*topic*/, session_key,
                                      topic_sequence /*end*/) {}
  virtual void on_sequenced(instant, std::string_view /*topic*/, session_key /*sender*/,
                            topic_sequence, message_tag) {}
  virtual void on_server_presence(instant, std::string_view /*topic*/, std::uint32_t /*life*/,
                                  presence_sequence, client_id, message::presence_event) {}
  /// Bytes kept for one session, acknowledged ones gone.
  virtual void on_backlog(instant, session_key, std::size_t /*bytes*/) {}
  /// Filters that the server matches topics with for one native session.
  virtual void on_filters(instant, session_key, std::size_t /*count*/) {}
  /// The server does not run for a while (a stopped virtual machine), or runs again.
  virtual void on_server_paused(instant, bool /*paused*/) {}
  /// The server's monotonic clock went ahead by that much at once.
  virtual void on_server_leapt(instant, duration /*by*/) {}
  /// It sends to this session by UDP (also told when another size is proven), or no longer. That
  /// the session is detached ends it as well, and is not told here.
  virtual void on_route_changed(instant, session_key, bool /*udp*/) {}
  /// A client with a token that the server does not know was let in.
  virtual void on_intruder_connected(instant, user_id) {}

  /// A second process begins to resume this session while its user's own one goes on.
  virtual void on_second_copy(instant, session_key) {}
  /// Until then no datagram passes between the user and the server in these directions: as far as a
  /// fault of UDP alone is to blame.
  virtual void on_udp_blocked(instant, user_id, udp_directions, instant /*until*/) {}

  // The run.

  /// No new faults from here on.
  virtual void on_healed(instant) {}
  /// As on_end(), of people with an MQTT client; before it.
  virtual void on_mqtt_end(instant, const std::vector<user_id>& /*reachable*/) {}
  /// `reachable`: users that are still meant to be connected (not stopped, not intruders).
  virtual void on_end(instant, const std::vector<user_id>& /*reachable*/) {}

protected:
  void exercise() noexcept { ++exercised_; }
  void violate(instant when, std::string text);

private:
  std::uint64_t exercised_ = 0;
  std::vector<violation> violations_;
};

/// "user 3 (session 1/7)": how checkers and traces name things.
[[nodiscard]] std::string name_of(user_id user, session_key session);
[[nodiscard]] std::string name_of(session_key session);
[[nodiscard]] std::string name_of(message_tag tag);

/// One of each.
[[nodiscard]] std::vector<std::unique_ptr<checker>> all_checkers(const bounds& limits);
/// Their names, in the same order.
[[nodiscard]] std::vector<std::string_view> all_promises();

} // namespace kodama::sim
