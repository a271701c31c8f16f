#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/mqtt/packet_reader.hpp"
#include "protocol/time.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace kodama::mqtt {

/// The client's half of an MQTT conversation, 3.1.1 and 5.0, over as many connections as its
/// session lives through: CONNECT and what comes of it, the handshakes of QoS 1 and 2 in both
/// directions, flow control, keep alive. The counterpart of server_session.
///
/// Sans-IO: the owner makes connections and reports what becomes of them (handle_connected,
/// handle_closed, handle_bytes, handle_timeout), then takes events with poll_event() and what is to
/// be written with poll_transmit(), until both are empty. Whether and when to connect again is the
/// owner's to decide; after an event::broken or event::disconnected it has to close.
///
/// Promises: what is published at QoS 1 or 2 goes out in its order, again on each connection until
/// the server has answered for it [MQTT-4.4.0-1], [MQTT-4.6.0-1], and its owner hears exactly once
/// what became of it: `completed`, or `session_lost`. What is received at QoS 2 is told once
/// [MQTT-4.3.3-9]. No more is under way than the server's Receive Maximum allows [MQTT-4.9.0-1].
/// QoS 0 is written once, or lost with the connection. Requests without an answer when the
/// connection ends are forgotten; the owner asks again.
class client_session {
public:
  /// One for each publish, SUBSCRIBE and UNSUBSCRIBE; never repeats.
  using request_id = std::uint64_t;

  /// Owned, since it may have to be said again.
  struct message {
    std::string topic;
    bytes payload;
    mqtt::qos qos = mqtt::qos::at_most_once;
    bool retain = false;
    std::optional<std::uint32_t> expiry; ///< seconds; 5.0 only
  };
  struct last_will {
    message what;
    std::uint32_t delay = 0; ///< seconds; 5.0 only
  };
  struct options {
    protocol_version version = protocol_version::v5;
    std::string client_id;
    std::string user_name; ///< with the password; empty: neither is sent
    std::string password;
    std::uint16_t keep_alive = 0;     ///< seconds; 0: none
    std::uint32_t session_expiry = 0; ///< seconds; 5.0 only
    std::uint16_t receive_maximum = 65'535;
    std::uint16_t topic_alias_maximum = 0;
    std::uint32_t packet_size_max = packet_size_limit;
    std::uint16_t in_flight_max = 1'024; ///< of our publishes, whatever more the server allows
    duration connect_timeout = std::chrono::seconds{5}; ///< from the connection to CONNACK
  };

  struct event {
    struct connected {
      bool session_present = false;
      connack_properties told; ///< only its numbers: the texts are gone
      std::string assigned_id;
    };
    /// CONNACK with a failure; the connection is of no use.
    struct refused {
      reason_code reason{};
    };
    /// The server does not know the session any more: of these publishes, sent and unanswered, it
    /// is unknown whether they took effect. Comes before `connected`.
    struct session_lost {
      std::vector<request_id> unconfirmed;
    };
    struct completed {
      request_id request = 0;
      reason_code reason{};
    };
    /// A reason for each filter; of an UNSUBACK of 3.1.1 there are none.
    struct answered {
      request_id request = 0;
      std::vector<reason_code> reasons;
    };
    struct received {
      message what;
      bool dup = false;
    };
    /// The server has said DISCONNECT.
    struct disconnected {
      reason_code reason{};
    };
    /// The server has broken a rule, or fallen silent.
    struct broken {
      error why;
    };
    using any = std::variant<connected, refused, session_lost, completed, answered, received,
                             disconnected, broken>;
  };

  explicit client_session(options chosen);

  /// A transport is up: CONNECT goes out. `clean_start` gives up the state of the session, and with
  /// it all that is unanswered (event::session_lost).
  void handle_connected(instant now, bool clean_start, const last_will* will = nullptr);
  /// The transport is gone.
  void handle_closed(instant now);
  /// Borrows `received` for the call.
  void handle_bytes(instant now, byte_view received);
  void handle_timeout(instant now);
  [[nodiscard]] instant poll_timeout() const;

  /// At QoS 1 and 2 at any time; at QoS 0 it is lost unless connected.
  request_id publish(message what);
  /// Only while connected.
  /// `identifier`: what comes by these subscriptions will say it (5.0, 3.8.2.1.2); 0: nothing.
  request_id subscribe(const std::vector<subscription>& filters, std::uint32_t identifier = 0);
  request_id unsubscribe(const std::vector<std::string_view>& filters);
  /// The last packet; nothing is said after it. `expiry`: another Session Expiry Interval.
  void disconnect(reason_code reason = reason_code::normal_disconnection,
                  std::optional<std::uint32_t> expiry = std::nullopt);

  [[nodiscard]] std::optional<event::any> poll_event();
  /// Appends what is to be written now, until `out` holds `size_max` bytes or there is no more.
  void poll_transmit(instant now, bytes& out, std::size_t size_max);

  /// CONNACK has come, and nothing has ended the connection since.
  [[nodiscard]] bool connected() const noexcept { return stage_ == stage::connected; }
  /// Of QoS 1 and 2, not answered to the end.
  [[nodiscard]] std::size_t unfinished() const noexcept;

private:
  enum class stage { closed, connecting, connected, ending };
  /// One publish of ours, or the PUBREL that followed it.
  struct own {
    message what;
    request_id request = 0;
    packet_id id = 0; ///< from its first transmission on
    bool released = false;
  };

  template <class Packet>
  void say(const Packet& what);
  template <class Packet>
  void handle(const Packet& what);
  void handle(instant now, const packet& what);
  void handle(const connack& what);
  void handle_publish(const mqtt::publish& what);
  void handle_answer(packet_id id, qos of, reason_code reason);
  void break_off(reason_code reason, std::string text);
  void lose_state();
  void arm(instant now);
  [[nodiscard]] packet_id next_id();
  [[nodiscard]] std::deque<own>::iterator find(packet_id id);
  void erase(std::deque<own>::iterator at);

  options options_;
  stage stage_ = stage::closed;
  std::optional<packet_reader> reader_;
  std::deque<event::any> events_;
  bytes replies_;
  request_id last_request_ = 0;
  packet_id last_id_ = 0;
  bool id_wrapped_ = false;   ///< else none can be taken
  bool has_state_ = false;    ///< CONNACK has come for this session
  bool asked_before_ = false; ///< a CONNECT went out for it
  bool may_be_known_ = false; ///< before this connection

  std::deque<own> owed_;
  std::size_t transmitted_ = 0; ///< owed_[0, transmitted_) are under way on this connection
  std::uint16_t window_ = 0;
  encode_options peer_;
  std::vector<std::pair<packet_id, request_id>> requests_; ///< SUBSCRIBE and UNSUBSCRIBE
  std::set<packet_id> received_;                           ///< QoS 2, before their PUBREL
  std::vector<std::string> aliases_;

  std::uint16_t keep_alive_ = 0;
  instant deadline_ = never; ///< CONNACK, or PINGRESP, has to come before
  instant ping_at_ = never;
};

} // namespace kodama::mqtt
