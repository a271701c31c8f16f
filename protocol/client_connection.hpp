#pragma once

#include "protocol/address.hpp"
#include "protocol/backoff.hpp"
#include "protocol/chance.hpp"
#include "protocol/client_event.hpp"
#include "protocol/datagram_channel.hpp"
#include "protocol/ids.hpp"
#include "protocol/latest_filter.hpp"
#include "protocol/limits.hpp"
#include "protocol/message.hpp"
#include "protocol/message_reader.hpp"
#include "protocol/receive_window.hpp"
#include "protocol/result.hpp"
#include "protocol/send_window.hpp"
#include "protocol/time.hpp"
#include "protocol/udp_path.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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
    bool udp = true;   ///< ask for a datagram path
    bool resume = true;  ///< after a lost connection: come back at all
    bool renew = true; ///< after a lost session: open a new one and subscribe again
    backoff::options retry;
    std::chrono::milliseconds connect_timeout{5'000}; ///< until CONNACK
    /// Bytes of reliable messages awaiting acknowledgement; publish() refuses past it.
    std::size_t send_buffer_max = 16 * 1024 * 1024;
    std::chrono::milliseconds ack_delay{20};
    std::uint32_t ack_every = 64;
    udp_path::options path;
    decode_limits decode;
  };

  client_connection(options chosen, chance& random);

  // What the user wants. All may be called at any time, connected or not; what is asked for while
  // disconnected is sent on the next connection.

  void connect(instant now);
  /// Ends the session explicitly; `stopped{normal}` follows when DISCONNECT has been written.
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
  [[nodiscard]] result<request_id> request_server_time(instant now);
  void ping(instant now);

  /// Whether the next reliable publish would fit the server's limit and our buffer.
  [[nodiscard]] bool can_publish() const noexcept;
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept;
  [[nodiscard]] udp_path::statistics udp_statistics() const;

  // What the owner reports.

  /// The TCP connection that poll_connect() asked for stands. `server`: the address it goes to;
  /// datagrams go to the same host.
  void handle_connected(instant now, const address& server);
  void handle_bytes(instant now, byte_view received);
  /// The TCP connection failed, or could not be made.
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
  struct datagram {
    address to;
    bytes data;
  };
  [[nodiscard]] std::optional<datagram> poll_datagram(instant now);
  [[nodiscard]] instant poll_timeout() const;

private:
  // The implementation's own business.
};

} // namespace kodama
