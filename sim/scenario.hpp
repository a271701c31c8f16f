#pragma once

#include "protocol/result.hpp"
#include "protocol/time.hpp"
#include "sim/checker.hpp"
#include "sim/faults.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// What a user of a scenario does at one moment.
struct operation {
  enum class kind : std::uint8_t {
    connect,
    disconnect, ///< DISCONNECT: the session ends
    subscribe,
    unsubscribe,
    publish,
    publish_unreliable,
    watch,
    unwatch,
    list,
    server_time,
    ping,
  };

  duration at{};
  user_id user = 0;
  kind what{};
  std::uint32_t topic = 0; ///< its number
  std::uint32_t count = 1; ///< of publishes, one after the other
  std::uint32_t size = 0;  ///< of each one's content, in bytes

  // Of people with an MQTT client, and the name also of others' subscriptions.
  std::uint32_t qos = 0;        ///< of publishes; asked for by subscriptions
  std::string name = {};        ///< a filter or a topic that has no number; empty: that of `topic`
  std::uint32_t expiry = 0;     ///< of publishes, in seconds; 0: none
  std::uint32_t handling = 0;   ///< Retain Handling of a subscription
  std::uint32_t identifier = 0; ///< Subscription Identifier; 0: none
  bool retain = false;          ///< of publishes
  bool empty = false;           ///< publishes nothing: with `retain` it clears what was retained
  bool no_local = false;        ///< of subscriptions
  bool as_published = false;    ///< Retain As Published, likewise
  bool clean = false;           ///< connect: with Clean Start
  bool with_will = false;       ///< disconnect: with reason 0x04

  bool operator==(const operation&) const = default;
};

[[nodiscard]] std::string_view to_string(operation::kind what) noexcept;
/// Is it about a topic? Others have a number, and no use for it.
[[nodiscard]] bool has_topic(operation::kind what) noexcept;
/// Has the operation a topic by its number?
[[nodiscard]] bool has_number(const operation& what) noexcept;
/// Does it have a count and a size?
[[nodiscard]] bool is_publish(operation::kind what) noexcept;

/// The will of a person with an MQTT client. (Not nested in mqtt_person, or clang 14 holds that an
/// optional of it cannot be made without arguments.)
struct mqtt_last_will {
  std::uint32_t topic = 0;
  std::uint32_t qos = 0;
  std::uint32_t delay = 0; ///< seconds
  bool retain = false;

  bool operator==(const mqtt_last_will&) const = default;
};

/// A person with an MQTT client: what their client says in each CONNECT.
struct mqtt_person {
  std::uint32_t version = 5; ///< or 3, which is 3.1.1
  /// Seconds; 3.1.1 knows 0, which is Clean Session, and everything else, which is for ever.
  std::uint32_t session_expiry = 60;
  std::uint32_t receive_maximum = 65'535;
  std::uint32_t aliases = 0; ///< Topic Alias Maximum
  std::optional<mqtt_last_will> will;

  bool operator==(const mqtt_person&) const = default;
};

/// Everything that makes one run: the topology, what the users do, what goes wrong, the sizes of
/// buffers and timeouts. Plain data: drawn from a seed, written as text, edited by hand.
struct scenario {
  std::uint64_t seed = 0;
  std::uint32_t users = 1;
  std::uint32_t intruders = 0; ///< strangers who try to come in with a wrong token
  std::uint32_t topics = 1;
  std::vector<mqtt_person> mqtt; ///< the operations of the n-th are those of mqtt_user_base + n
  std::uint32_t mqtt_receive_maximum = 1'024; ///< the server's
  /// Not 0: the world itself breaks a promise, to show that this would be noticed: of the messages
  /// with a guarantee that reach a user, this one is acknowledged and never seen.
  std::uint32_t canary = 0;

  // The server's limits and times, where they differ from the defaults.
  std::uint32_t unacknowledged_max = 4096;
  std::uint32_t topics_max = 1024;
  std::uint64_t session_buffer_max = 16 * 1024 * 1024;
  std::uint32_t publish_topics_max = 64;
  std::uint32_t filter_work = 20'000;      ///< the directory's, between two rests
  duration filter_rest{0};                 ///< how long one lasts
  std::uint32_t filters_under_way = 1'000; ///< of one session, at the directory
  duration resume_window = std::chrono::seconds{60};
  duration keepalive = std::chrono::seconds{10}; ///< every client's wish
  bool udp = true;
  /// How the order of mailboxes and packets is chosen (sim/schedule.hpp): by priorities with so
  /// many change points, or uniformly.
  std::optional<std::uint32_t> change_points;

  duration heal_at{};                ///< the fault phase ends
  duration end_at{};                 ///< the run ends; everything owed has to be delivered by then
  fault_plan plan;                   ///< what happens by chance
  std::vector<timed_fault> strikes;  ///< what happens at a moment, by time
  std::vector<operation> operations; ///< by time

  bool operator==(const scenario&) const = default;

  /// The scenario of a seed: swarm style, or with the faults of a profile.
  [[nodiscard]] static scenario draw(std::uint64_t seed, fault_profile profile);
  /// How many change points the seed has where its schedule is by priorities.
  [[nodiscard]] static std::uint32_t draw_change_points(std::uint64_t seed);
  /// How long after heal() a reachable session may wait for what it is owed: a dead connection is
  /// noticed after 1.5 keepalives, the next attempt waits for the backoff, may time out once, and
  /// everything buffered has to pass.
  [[nodiscard]] duration liveness_bound() const;
  /// The earliest moment for end_at at which what is missing is lost, and not merely under way.
  [[nodiscard]] duration end_needed() const;
};

/// The client library's longest pause between two attempts, in every scenario.
inline constexpr duration retry_most = std::chrono::seconds{4};
/// How long the client library waits for CONNACK, in every scenario.
inline constexpr duration connect_patience = std::chrono::seconds{5};

[[nodiscard]] std::string topic_name(std::uint32_t number);
/// The host names that decisions are keyed by; also the lanes of a story.
[[nodiscard]] std::string user_host(user_id user);

/// That of a person with an MQTT client is a name only, which the world translates: their machines
/// come behind all others.
[[nodiscard]] constexpr host_id host_of(user_id user) noexcept {
  return host_id{user + 1}; // the server is host 0
}
[[nodiscard]] constexpr user_id user_of(host_id host) noexcept {
  return static_cast<std::uint32_t>(host) - 1;
}
/// Has the scenario this person?
[[nodiscard]] bool has_user(const scenario& what, user_id user) noexcept;
/// Is there such a machine: the server's, that of a person or of an intruder?
[[nodiscard]] bool has_host(const scenario& what, host_id host) noexcept;
/// Does the kind strike at all what goes by this name: the server, users, or people with an MQTT
/// client?
[[nodiscard]] bool may_strike(fault_kind kind, host_id host) noexcept;
/// What an operation is about: a topic by number, or a name of its own.
[[nodiscard]] std::string name_in(const operation& what);

/// The readable form (docs/simulation.md, "Scenario files"). `comment` stands at its top.
[[nodiscard]] std::string to_text(const scenario& what, std::string_view comment = {});

struct parse_failure {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string expected;
};
/// Inverse of to_text; says where and what was expected.
[[nodiscard]] boost::system::result<scenario, parse_failure> parse_scenario(std::string_view text);

} // namespace kodama::sim
