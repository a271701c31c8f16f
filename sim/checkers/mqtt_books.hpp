#pragma once

#include "protocol/mqtt/packet.hpp"
#include "sim/checker.hpp"
#include "sim/checkers/by_topic.hpp"

#include <boost/container/flat_map.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace kodama::sim::checkers {

/// What the checker `mqtt` keeps: messages, retained ones, connections, sessions and their
/// subscriptions. Facts alone; what contradicts what is for mqtt_rules to say.
class mqtt_books {
public:
  /// What one part of the server has decided may reach another one this much later, when its
  /// schedule lets an actor lag behind (docs/simulation.md, "What runs").
  static constexpr duration settling = std::chrono::milliseconds{10};

  struct place {
    std::uint64_t ordinal; ///< grows over all topics and lives of the server
    instant when;
  };
  struct message {
    std::string topic;
    mqtt::qos qos{};
    bool retain = false;
    std::uint32_t expiry = 0; ///< seconds; 0: none
    user_id from = 0;
    instant published{};
    std::vector<place> places; ///< where it was sequenced; more than one at QoS 1 only
    session_key by{};          ///< of a native client: in which session
  };

  /// One filter of one SUBSCRIBE, and how long it counts.
  struct window {
    std::string filter;
    mqtt::qos qos{};
    bool no_local = false;
    bool as_published = false;
    mqtt::retain_handling handling{};
    std::uint32_t identifier = 0;
    bool is_new = true;     ///< the subscription did not exist for certain, or may not have
    bool surely_new = true; ///< nothing of the kind was there, or asked for
    mqtt::packet_id request = 0;
    mqtt::packet_id leaving_request = 0;
    instant asked{};
    instant granted = never;
    instant leaving = never;
    instant ended = never;
    bool refused = false;                  ///< SUBACK said so
    by_topic<message_tag> retained_before; ///< session::retained_by_itself when it was asked for

    [[nodiscard]] bool possible(instant from, instant to) const {
      return asked <= to && (ended == never || ended + settling >= from);
    }
    [[nodiscard]] bool certain(instant from, instant to) const {
      return granted != never && granted + settling <= from && leaving > to;
    }
  };

  struct flight {
    message_tag tag;
    mqtt::qos qos{};
    bool released = false;
    std::uint64_t link = 0; ///< on which it was last said
  };
  struct debt {
    message_tag tag;
    mqtt::qos qos{};
    instant when;
    std::uint64_t ordinal = 0;
    bool retained = false; ///< as the answer to a SUBSCRIBE
  };
  struct session {
    user_id user = 0;
    std::uint64_t serial = 0; ///< tells sessions apart
    instant begun{};
    bool attached = false;
    bool ended = false;
    std::uint64_t link = 0;
    instant since{};    ///< this connection carries it
    duration expiry{};  ///< duration::max(): never
    instant detached{}; ///< in the server's time
    std::vector<window> windows;
    bool has_forgotten = false; ///< some of them
    boost::container::flat_map<mqtt::packet_id, flight> in_flight;
    std::vector<debt> owed;
    std::map<message_tag, std::size_t> retained_said; ///< how often, as the answer to a SUBSCRIBE
    std::size_t perhaps_owed = 0;                     ///< how many it may ever have been given
    bool overflowed = false;                          ///< the server says so
    // Of the present connection.
    by_topic<std::uint64_t> last_ordinal;
    std::map<std::tuple<user_id, session_key, std::string>, std::uint32_t> last_plain;
    by_topic<message_tag> retained_by_itself; ///< the last, with a guarantee
    std::deque<mqtt::packet_id> puback_due;
    std::deque<mqtt::packet_id> pubrec_due;
  };
  struct connection {
    std::uint64_t link = 0;
    user_id user = 0;
    mqtt::protocol_version version{};
    bool clean = false;
    duration expiry{};
    std::size_t receive_maximum = 65'535;
    std::optional<message_tag> will;
    duration will_delay{};
    std::uint64_t taken_over = 0; ///< the connection that this one put an end to
    bool present = false;         ///< as the server decided
    bool over = false;            ///< nothing passes any more
    bool evicted = false;         ///< the server gave it up for another one while it was open
    std::optional<mqtt::reason_code> goodbye;  ///< the server's
    std::optional<mqtt::reason_code> farewell; ///< the client's
  };
  struct retained {
    std::optional<message_tag> tag; ///< empty: cleared
    instant from;
    instant until = never;
  };

  /// Whether a filter matches a topic (5.0, 4.7), told apart from the server's way of finding out.
  [[nodiscard]] static bool matches(std::string_view filter, std::string_view topic);
  /// Of a shared subscription what topics are matched with (5.0, 4.8.2); of others nothing. By
  /// their whole filters those match no topic.
  [[nodiscard]] static std::string_view shared_filter(std::string_view filter);

  void add_message(message_tag tag, message what);
  [[nodiscard]] message* find(message_tag tag);
  /// Of an empty message its topic is all that is known; whether it clears is told here.
  void note_empty(std::string_view topic, bool retain);
  /// The retained message of its topic is this from now on.
  void retain(instant now, std::string_view topic, std::optional<message_tag> tag);
  void note_sequenced_empty(instant now, std::string_view topic);
  /// Nothing can be said about this topic's retained messages.
  void forget_retained(std::string_view topic) { unknowable_.emplace(topic); }
  [[nodiscard]] bool knows_retained(std::string_view topic) const {
    return !unknowable_.contains(topic);
  }
  [[nodiscard]] const std::vector<retained>& retained_of(std::string_view topic);
  [[nodiscard]] const by_topic<std::vector<retained>>& all_retained() const { return retained_; }

  connection& open(std::uint64_t link) { return connections_[link]; }
  [[nodiscard]] connection* find_connection(std::uint64_t link);
  [[nodiscard]] session* find_session(user_id user);
  session& begin_session(user_id user);
  [[nodiscard]] std::map<user_id, session>& sessions() { return sessions_; }
  void forget_server();

  [[nodiscard]] std::uint64_t next_ordinal() { return ++last_ordinal_; }

  static void note_publish(session& in, const mqtt::publish& given);
  static void subscribe(session& in, instant now, const mqtt::subscribe& asked);
  static void unsubscribe(session& in, instant now, const mqtt::unsubscribe& asked);
  static void grant(session& in, instant now, const mqtt::suback& answer);
  static void end(session& in, instant now, const mqtt::unsuback& answer);

private:
  std::map<message_tag, message> messages_;
  std::map<std::uint64_t, connection> connections_;
  std::map<user_id, session> sessions_;
  by_topic<std::vector<retained>> retained_;
  std::set<std::string, std::less<>> unknowable_;
  by_topic<std::pair<bool, bool>> empties_; ///< without and with RETAIN
  std::uint64_t last_ordinal_ = 0;
  std::uint64_t last_serial_ = 0;
};

/// "mqtt-3": whose client that is; nobody's otherwise.
[[nodiscard]] std::optional<user_id> mqtt_person_named(std::string_view client_identifier);

} // namespace kodama::sim::checkers
