#pragma once

#include "protocol/ids.hpp"
#include "protocol/latest_filter.hpp"
#include "protocol/limits.hpp"
#include "protocol/message.hpp"
#include "protocol/message_batch.hpp"
#include "protocol/message_reader.hpp"
#include "protocol/receive_window.hpp"
#include "protocol/result.hpp"
#include "protocol/send_window.hpp"
#include "protocol/time.hpp"

#include <memory>
#include <optional>

namespace kodama {

/// The server's half of the conversation with one client: counts, acknowledges, keeps and sends
/// again over as many connections as the session lives through.
///
/// Sans-IO. Its owner (the session actor) attaches a connection, feeds what arrives, takes requests
/// with poll_request(), has them carried out, reports that with complete() and the push functions,
/// and fetches what is to be written with poll_transmit(). Time is an argument.
///
/// It decides nothing about topics: a request it hands out has been checked for form, order, and
/// the limits that need no knowledge of others.
class server_session {
public:
  /// `options` outlives the session.
  explicit server_session(const session_options& options);

  /// Whether a client that has received everything through `last_received` can go on from there.
  [[nodiscard]] bool can_resume(message_id last_received) const noexcept {
    return send_.can_resume(last_received);
  }
  /// A connection now carries this session; any earlier one has been detached. `last_received`:
  /// what the client said when it resumed, and can_resume() agreed to; empty on the first one.
  void handle_attach(instant now, std::optional<message_id> last_received,
                     std::uint32_t keepalive_wish_ms);
  /// The connection is gone; the resume window begins.
  void handle_detach(instant now);
  [[nodiscard]] bool attached() const noexcept { return attached_; }

  /// Borrows `received` until poll_request() has returned empty or an error, or keep_rest() is
  /// called.
  void handle_bytes(instant now, byte_view received);
  /// The owner wants no further request now.
  void keep_rest() { reader_.keep_rest(); }
  /// The next message that concerns the owner: SUBSCRIBE, UNSUBSCRIBE, WATCH, UNWATCH, SUBSCRIBER
  /// LIST REQUEST, PUBLISH (fresh ones only), SERVER TIME REQUEST, DISCONNECT. Everything else is
  /// dealt with here. An error is the reason for which the session has to end.
  [[nodiscard]] result<std::optional<message_reader::item>> poll_request(instant now);

  /// Whether a publish that came in an authentic datagram may pass. Nothing about a datagram ends a
  /// session: what breaks a rule is dropped.
  [[nodiscard]] bool accept_datagram_publish(const message::publish& what);

  /// The request (or reliable publish) has taken effect and may be acknowledged.
  void complete(instant now, message_id request) { receive_.complete(now, request); }
  /// An unnumbered answer: sent with the next transmission, lost with the connection.
  void reply(instant now, const message::any& answer);
  /// Owed to the client from now on, over all connections. slow_reader when that is too much.
  [[nodiscard]] result<void> push(shared_batch batch);
  /// Appends the messages of `batch` under fresh UNRELIABLE_IDs; kept nowhere.
  void append_unreliable(bytes& out, const message_batch& batch, std::uint32_t timestamp);
  /// The same for one message of the batch, for datagrams.
  void append_unreliable(bytes& out, const message_batch& batch, std::size_t index,
                         std::uint32_t timestamp);

  /// Appends what is to be written now: replies, acknowledgements, owed messages, until `out` holds
  /// `size_max` bytes or there is no more.
  void poll_transmit(instant now, bytes& out, std::size_t size_max);

  /// When handle_timeout() wants to be called.
  [[nodiscard]] instant poll_timeout() const;
  enum class timeout { none, connection_dead, session_expired };
  [[nodiscard]] timeout handle_timeout(instant now);

  [[nodiscard]] message_id last_received() const noexcept { return receive_.received(); }
  [[nodiscard]] std::uint32_t keepalive_ms() const noexcept { return keepalive_ms_; }
  [[nodiscard]] std::size_t buffered_bytes() const noexcept { return send_.buffered_bytes(); }

private:
  [[nodiscard]] instant silence_deadline() const noexcept;
  enum class step { done, for_owner };
  [[nodiscard]] result<void> check_publish(const message::publish& what) const;
  [[nodiscard]] bool accept_unreliable(const message::publish& what);
  /// Order and number of one request; a duplicate is done with already.
  [[nodiscard]] result<step> admit(message_id id);

  const session_options* options_;
  message_reader reader_;
  receive_window receive_;
  send_window send_;
  /// From the first message without a guarantee on: most clients only listen.
  std::unique_ptr<latest_filter> unreliable_received_;
  unreliable_id next_unreliable_ = 1;
  bytes replies_; // PONG and the like, small and unnumbered; lost with the connection
  bool attached_ = false;
  bool ack_overdue_ =
      false; ///< the link is slow: the acknowledgement waits for it, not for the clock
  std::uint32_t keepalive_ms_ = 0;
  instant last_heard_{};
  instant expires_at_ = never;
};

} // namespace kodama
