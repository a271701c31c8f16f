#pragma once

#include "protocol/address.hpp"
#include "protocol/backoff.hpp"
#include "protocol/bytes.hpp"
#include "protocol/chance.hpp"
#include "protocol/client_datagrams.hpp"
#include "protocol/client_event.hpp"
#include "protocol/client_session.hpp"
#include "protocol/limits.hpp"
#include "protocol/message.hpp"
#include "protocol/message_reader.hpp"
#include "protocol/result.hpp"
#include "protocol/time.hpp"
#include "protocol/udp_path.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace kodama {

/// The client's half of the conversation, over all its connections and sessions: connects, resumes,
/// backs off, subscribes again, and says honestly what could not be kept.
///
/// Sans-IO. The owner (client/ on sockets, sim/ in the simulator) reports what happened with
/// handle_*, then asks with poll_* until all are empty: poll_event, poll_connect, poll_close,
/// poll_write, poll_datagram. Time is an argument and never goes backwards; chance comes from the
/// owner. One per logical client; not thread safe.
///
/// Promises, see docs/protocol.md: reliable publishes are handed to the server exactly once and in
/// order as long as the session lives; `received` with a sequence comes once, in order, without a
/// gap; without one at most once and never older after newer of the same sender and topic; between
/// `unsubscribed` and `subscribed` nothing of a topic comes at all.
class client_connection {
public:
  struct options {
    std::string token;
    std::chrono::milliseconds keepalive{30'000};
    bool udp = true;    ///< ask for a datagram path
    bool resume = true; ///< after a lost connection: come back at all
    bool renew = true;  ///< after a lost session: open a new one and subscribe again
    backoff::options retry;
    std::chrono::milliseconds connect_timeout{5'000}; ///< until TCP stands; then until CONNACK
    /// Bytes of reliable messages awaiting acknowledgement; publish() refuses past it.
    std::size_t send_buffer_max = 16 * 1024 * 1024;
    /// Nobody waits for it: it lets the server forget what it keeps for us.
    std::chrono::milliseconds ack_delay{100};
    std::uint32_t ack_every = 64;
    udp_path::options path;
    decode_limits decode;
  };

  client_connection(options chosen, chance& random);
  client_connection(const client_connection&) = delete;
  client_connection& operator=(const client_connection&) = delete;

  // What the user wants. All may be called at any time, connected or not; what is asked for while
  // disconnected is sent on the next connection.

  /// Begins, or begins again after `stopped`, with all subscriptions and watches still wanted.
  void connect(instant now);
  /// Ends the session explicitly; `stopped{normal}` follows when DISCONNECT has been written, or at
  /// once where there is no connection to write it on. What then is unanswered is told by
  /// session_lost before; what was not transmitted yet is among it.
  void disconnect(instant now);

  [[nodiscard]] result<request_id> subscribe(std::string_view topic);
  [[nodiscard]] result<request_id> unsubscribe(std::string_view topic);
  /// too_many_unacknowledged: wait for `acknowledged`; see can_publish().
  [[nodiscard]] result<request_id> publish(std::string_view topic, std::uint16_t content_type,
                                           byte_view content);
  /// Sent at once by the best path or, while disconnected, not at all: without a guarantee.
  [[nodiscard]] result<void> publish_unreliable(instant now, std::string_view topic,
                                                std::uint16_t content_type, byte_view content);
  [[nodiscard]] result<request_id> watch(std::string_view topic);
  [[nodiscard]] result<request_id> unwatch(std::string_view topic);
  [[nodiscard]] result<request_id> request_subscribers(std::string_view topic);
  /// Asked again on the next connection where the answer was lost, in whatever session.
  [[nodiscard]] result<request_id> request_server_time(instant now);
  void ping(instant now);
  /// Neither connected nor on the way there: before connect(), and after `stopped`.
  [[nodiscard]] bool idle() const noexcept { return phase_ == phase::idle; }
  /// As udp_path::check_now(): what of it is proven is in udp_statistics().
  void check_udp(instant now);

  /// Whether the next reliable publish would fit the server's limit and our buffer; then no request
  /// is refused with too_many_unacknowledged. One message may overshoot the buffer.
  [[nodiscard]] bool can_publish() const noexcept;
  /// Whether the topic or filter is subscribed to, or is to be; not once that was refused.
  [[nodiscard]] bool is_wanted(std::string_view topic) const { return session_.is_wanted(topic); }
  [[nodiscard]] bool is_watch_wanted(std::string_view topic) const {
    return session_.is_watch_wanted(topic);
  }
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept;
  [[nodiscard]] udp_path::statistics udp_statistics() const;

  // What the owner reports.

  /// The TCP connection that poll_connect() asked for stands. `server`: the address it goes to;
  /// datagrams go to the same host.
  void handle_connected(instant now, const address& server);
  void handle_bytes(instant now, byte_view received);
  /// The TCP connection failed, or could not be made. Not for one that poll_close() or
  /// poll_connect() ended: of such a one nothing at all may be reported any more.
  void handle_closed(instant now, boost::system::error_code reason);
  void handle_datagram(instant now, const address& from, byte_view datagram);
  /// The network refused a datagram of this size (EMSGSIZE).
  void handle_datagram_too_long(instant now, std::size_t size);
  void handle_timeout(instant now);

  // What the owner is asked to do.

  [[nodiscard]] std::optional<client_event::any> poll_event(instant now);
  /// True once for each TCP connection to be opened (any older one is closed first).
  [[nodiscard]] bool poll_connect();
  /// True once when the present TCP connection is to be closed, after all of poll_write().
  [[nodiscard]] bool poll_close();
  /// Appends what is to be written on the TCP connection, up to about `size_max` bytes. To be
  /// called only as long as the connection takes more: what is not fetched stays in the windows.
  void poll_write(instant now, bytes& out, std::size_t size_max);
  using datagram = outgoing_datagram;
  [[nodiscard]] std::optional<datagram> poll_datagram(instant now);
  [[nodiscard]] instant poll_timeout() const;

private:
  enum class phase {
    idle,        // not asked to connect, or stopped
    waiting,     // until attempt_at_
    due,         // for poll_connect()
    connecting,  // the owner is at it, until deadline_
    handshaking, // CONNECT is sent or to be sent; CONNACK is due by deadline_
    online,
    disconnecting, // DISCONNECT is to be written
  };
  struct time_request {
    request_id request;
    std::optional<instant> sent; // on the present connection
  };
  struct reaction; // to each message

  /// What waits for a busy TCP connection without a guarantee; the oldest give way.
  static constexpr std::size_t unreliable_max = 256 * 1024;
  /// More than can be late at once; each lets us come back once more against a true rival.
  static constexpr std::size_t late_resumes_max = 4;
  /// Answers are matched in order, so more than a few outstanding PINGs mean a silent server.
  static constexpr std::size_t pings_max = 64;

  [[nodiscard]] bool connected() const noexcept;
  void begin_attempt(instant now);
  void reset_transport();
  void close_transport();
  [[nodiscard]] duration next_pause(instant now, boost::system::error_code reason);
  void lose_connection(instant now, boost::system::error_code reason, std::string_view text = {});
  void lose_session(instant now, boost::system::error_code reason, std::string_view text,
                    bool at_once);
  void stop(boost::system::error_code reason, std::string_view text);
  [[nodiscard]] client_event::any go_online(instant now, const message::connack_success& m,
                                            bool resumed);
  void report_session_lost(boost::system::error_code reason, std::string_view text);

  [[nodiscard]] std::optional<client_event::any> next_queued();
  [[nodiscard]] std::optional<client_event::any> read_datagrams(instant now);
  [[nodiscard]] std::optional<client_event::any> read_messages(instant now);
  [[nodiscard]] std::optional<message_reader::item> next_message(instant now);

  void queue_unreliable(byte_view message);
  void write_connect(instant now, bytes& out);
  void write_control(instant now, bytes& out);
  void write_unreliable(bytes& out, std::size_t size_max);
  void write_disconnect(instant now, bytes& out);

  [[nodiscard]] instant ping_at() const;
  [[nodiscard]] instant dead_at() const;
  void check() const;

  options options_;
  chance& random_;
  client_session session_;
  client_datagrams datagrams_;
  bytes scratch_;
  backoff retry_;
  /// Attempts to resume that we gave up unanswered: each may take the session over yet, late.
  std::size_t late_resumes_ = 0;
  std::deque<client_event::any> events_; // never such as borrow bytes
  std::deque<time_request> time_requests_;

  phase phase_ = phase::idle;
  instant attempt_at_ = never;
  instant deadline_ = never;
  bool close_due_ = false;

  // Of the present TCP connection.
  address server_;
  std::optional<boost::system::error_code> closed_; // once everything before it has been read
  message_reader reader_;
  bytes reading_;                // what the reader borrows
  bytes incoming_;               // what arrived since; the two swap, so neither is allocated again
  bool connect_written_ = false; // and not refused
  instant online_since_;
  instant last_received_;
  instant last_sent_;
  instant last_ping_; // asked for
  bool ping_due_ = false;
  bool ack_due_ = false;            // a timer has fired for it, so that it need not fire again
  std::deque<instant> pings_;       // sent and not answered
  std::deque<std::uint32_t> pongs_; // timestamps to be echoed
  duration keepalive_{0};
  std::deque<bytes> unreliable_;
  std::size_t unreliable_bytes_ = 0;
};

} // namespace kodama
