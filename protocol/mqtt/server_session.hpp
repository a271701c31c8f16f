#pragma once

#include "protocol/bytes.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/packet.hpp"
#include "protocol/mqtt/packet_reader.hpp"
#include "protocol/mqtt/publish_forms.hpp"
#include "protocol/mqtt/session_options.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kodama::mqtt {

/// How a message came by a shared subscription: for the case that another member has to get it.
struct group_share {
  std::string filter; ///< "$share/{ShareName}/{filter}"
  mqtt::qos published{};
};

/// Publishes of one topic that are owed to a client: at QoS 0 any number of them, else one. The
/// forms are shared with all who get the same.
struct outgoing {
  std::shared_ptr<const publish_forms> forms;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  mqtt::qos qos = mqtt::qos::at_most_once;
  bool retain = false;
  /// Of all matching subscriptions; null where there are none.
  std::shared_ptr<const std::vector<std::uint32_t>> identifiers;
  std::shared_ptr<const group_share> group; ///< null: it came by another subscription
};

/// The server's half of the conversation with one MQTT client, 3.1.1 and 5.0, over as many
/// connections as its session lives through: packet identifiers, the handshakes of QoS 1 and 2 in
/// both directions, flow control (5.0, 4.9), topic aliases, keep alive, session expiry.
///
/// Sans-IO, the sibling of kodama::server_session: the owner attaches a connection, feeds what
/// arrives, takes requests with poll_request(), has them carried out, reports that with complete()
/// and reply(), and fetches what is to be written with poll_transmit(). What a topic is and who
/// may do what is none of its business.
///
/// Part of the promise `mqtt`: what is owed at QoS 1 or 2 is kept until the client has answered for
/// it, over all connections of the session, and sent again in its order (4.4, 4.6); a publish of
/// QoS 2 is handed out once (4.3.3); answers go out in the order of the publishes [MQTT-4.6.0-2].
class server_session {
public:
  /// `options` outlives the session. Ordinals begin with `first_ordinal`: where a client starts
  /// anew, those of its former session are not to be mistaken for new ones.
  explicit server_session(const session_options& options, std::uint64_t first_ordinal = 1);

  /// A connection now carries the session; `asked` opened it and came out of `reader`, which may
  /// hold more: poll_request() gives it. Where it wanted a clean start, this is a new object.
  void handle_attach(instant now, const connect& asked, packet_reader reader);
  /// The connection is gone; the expiry interval begins.
  void handle_detach(instant now);
  [[nodiscard]] bool attached() const noexcept { return reader_.has_value(); }
  [[nodiscard]] protocol_version version() const noexcept { return version_; }

  /// A fresh publish, its topic alias resolved. `ordinal` is for complete(); 0 with QoS 0.
  struct publish_request {
    const publish* what = nullptr;
    std::uint64_t ordinal = 0;
  };
  using request =
      std::variant<publish_request, const subscribe*, const unsubscribe*, const disconnect*>;

  /// Borrows `received` until poll_request() has returned empty or an error, or keep_rest() is
  /// called.
  void handle_bytes(instant now, byte_view received);
  /// The owner wants no further request now.
  void keep_rest();
  /// Whether what comes next, as far as it has arrived, is SUBSCRIBE or UNSUBSCRIBE.
  [[nodiscard]] bool asks_about_filters_next() const noexcept;
  /// What concerns the owner, and lies in `place` until the next call; everything else is dealt
  /// with here. An error is what the connection has to end for.
  /// Where `filters` are held, it stops before SUBSCRIBE and UNSUBSCRIBE as if it were empty.
  enum class filters { wanted, held };
  [[nodiscard]] outcome<std::optional<request>> poll_request(instant now, packet& place,
                                                             filters are = filters::wanted);

  /// The publish has taken effect, or was refused: it is answered. Of one that is not waiting for
  /// an answer, as those of a former session, nobody is told.
  /// `text` is for the client of 5.0 that wants to hear it.
  void complete(std::uint64_t ordinal, reason_code reason = reason_code::success,
                std::string text = {});
  /// Sent with the next transmission, lost with the connection.
  void reply(const packet& answer);
  /// An answer was longer than the client's Maximum Packet Size [MQTT-3.1.2-24]: it may not be
  /// sent, the client waits for it, and so the connection has to end.
  [[nodiscard]] bool has_unsayable() const noexcept { return has_unsayable_; }
  /// DISCONNECT, where the client's version has one from a server. What is replied after it is not
  /// sent.
  void say_goodbye(reason_code reason, std::string_view text);

  struct pushed {
    std::size_t dropped = 0;
    bool overflow = false; ///< session_buffer_max is not enough, and nothing was kept

    bool operator==(const pushed&) const = default;
  };
  /// Owed to the client from now on; QoS 0 only while it is connected and there is room, else
  /// `dropped`.
  [[nodiscard]] pushed push(outgoing what);
  /// The same, and what is next and needs no guarantee does not wait for poll_transmit(): it is
  /// appended to `out`, until that holds `size_max` bytes. Unless it is more than
  /// session_buffer_max in one go.
  [[nodiscard]] pushed push(outgoing what, instant now, bytes& out, std::size_t size_max);

  /// What came by shared subscriptions, and may go to another member of the group if this session
  /// ends: at QoS 1 what has not been acknowledged (5.0, 4.8.2), at QoS 2 what has never been sent
  /// [MQTT-4.8.2-5].
  [[nodiscard]] std::vector<outgoing> unfinished_of_groups() const;

  /// Appends what is to be written now, until `out` holds `size_max` bytes or there is no more.
  void poll_transmit(instant now, bytes& out, std::size_t size_max);

  /// When handle_timeout() wants to be called.
  [[nodiscard]] instant poll_timeout() const;
  enum class timeout { none, keep_alive, session_expired };
  [[nodiscard]] timeout handle_timeout(instant now) const;

  /// Seconds: what is in force, to be told in CONNACK.
  [[nodiscard]] std::uint16_t keep_alive() const noexcept { return keep_alive_; }
  [[nodiscard]] std::uint32_t session_expiry() const noexcept { return session_expiry_; }
  /// A DISCONNECT may change it; protocol_error where it was 0 [MQTT-3.14.2-2].
  [[nodiscard]] outcome<void> set_session_expiry(std::uint32_t seconds);
  [[nodiscard]] std::uint64_t next_ordinal() const noexcept {
    return inbound_ ? inbound_->first + inbound_->answers.size() : first_ordinal_;
  }
  [[nodiscard]] std::size_t buffered_bytes() const noexcept { return bytes_; }
  /// Of what is kept for a client that is away: the messages alone. Takes its time.
  [[nodiscard]] std::size_t kept_bytes() const;
  /// Publishes that expired before they could be sent, or were too large for the client.
  struct drops {
    std::uint64_t expired = 0;
    std::uint64_t too_large = 0;
  };
  [[nodiscard]] drops take_drops() noexcept { return std::exchange(drops_, {}); }

private:
  /// What is owed, or the PUBREL that followed it.
  struct owed {
    outgoing what;
    packet_id id = 0;      ///< from its first transmission on
    bool released = false; ///< QoS 2: PUBREC has come, only the PUBREL remains
    std::size_t cost = 0;
  };
  /// The answer to a publish of the client; they leave in its order.
  struct answer {
    packet_id id = 0;
    mqtt::qos qos{};
    bool done = false;
    bool stale = false; ///< of an earlier connection: the client will send it again
    reason_code reason = reason_code::success;
  };

  outcome<std::optional<request>> handle(publish& what);
  // Identifiers that are not known are no error: of what was received over the last connection the
  // client may still think so. An answer of the wrong kind is, for one that is [MQTT-4.13.1-1].
  outcome<void> handle(const puback& what);
  outcome<void> handle(const pubrec& what);
  void handle(const pubrel& what);
  outcome<void> handle(const pubcomp& what);
  outcome<void> resolve_alias(publish& what);
  [[nodiscard]] pushed push_each(const outgoing& what);
  [[nodiscard]] static std::size_t cost_of(const publish_forms& forms, std::size_t first,
                                           std::size_t count);
  std::deque<owed>::iterator find_owed(packet_id id);
  void forget(std::deque<owed>::iterator at);
  void write_answers();
  [[nodiscard]] bool has_answers() const noexcept;
  /// As many messages without a guarantee as it takes until `out` holds `size_max` bytes.
  void transmit_unguarded(instant now, owed& what, bytes& out, std::size_t size_max);
  /// The first message. False where it is not sent: it has expired, or does not fit into what the
  /// client accepts.
  bool transmit(instant now, owed& what, bytes& out);
  void choose_alias(publish_image::delivery& to, std::string_view topic) const;
  void keep_alias(const publish_image::delivery& to, std::string_view topic);
  [[nodiscard]] packet_id next_id();
  [[nodiscard]] std::size_t window() const noexcept;

  const session_options* options_;
  std::uint64_t first_ordinal_;
  protocol_version version_ = protocol_version::v5;
  std::optional<packet_reader> reader_; ///< while attached
  bytes replies_;
  encode_options peer_;
  bool has_unsayable_ = false;
  bool has_said_goodbye_ = false;
  std::uint16_t peer_receive_maximum_ = 65'535;
  std::uint16_t peer_alias_maximum_ = 0;
  std::uint16_t keep_alive_ = 0;
  std::uint32_t session_expiry_ = 0;
  instant last_heard_{};
  instant expires_at_ = never;

  // Towards the client: owed_[0, transmitted_) are under way on this connection.
  std::unique_ptr<std::deque<owed>> owed_; ///< while there is anything; most sessions are idle
  std::size_t transmitted_ = 0;
  std::size_t bytes_ = 0;
  /// The topic aliases of this connection; first come, first served. Null without any.
  std::unique_ptr<std::map<std::string, std::uint16_t, std::less<>>> aliases_;
  packet_id last_id_ = 0;
  bool id_wrapped_ = false;
  drops drops_; ///< since they were taken last

  // From the client.
  struct inbound {
    std::deque<answer> answers;
    std::uint64_t first;        ///< the ordinal of answers.front()
    std::size_t unanswered = 0; ///< QoS 1, of this connection
    /// QoS 2 publishes without their PUBREL so far; whether PUBREC was due already.
    std::map<packet_id, bool> unreleased;
    std::vector<std::string> aliases;           ///< of this connection
    std::map<std::uint64_t, std::string> texts; ///< of refusals, by ordinal
  };
  std::unique_ptr<inbound> inbound_; ///< from the first publish with an answer or an alias on
  inbound& incoming();
};

} // namespace kodama::mqtt
