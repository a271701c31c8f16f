#pragma once

#include "protocol/bytes.hpp"
#include "protocol/client_event.hpp"
#include "protocol/client_requests.hpp"
#include "protocol/client_topics.hpp"
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

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace kodama {

/// What a client has in common with its server over all connections of a session, and, when that
/// session is lost, what it starts the next one with.
///
/// Requests may be made before the server knows of the session: they wait in its send window. What
/// of them turns out to exceed the server's limits is refused here, since sent it would cost the
/// session. It knows nothing of connections; client_connection owns one and tells it what came.
/// Every error of a handle_* means that the server broke the rules, unless said otherwise.
class client_session {
public:
  struct options {
    std::size_t send_buffer_max;
    receive_window::options acknowledge;
  };
  using event = std::optional<client_event::any>;

  explicit client_session(options chosen);

  [[nodiscard]] result<request_id> subscribe(std::string_view topic);
  [[nodiscard]] result<request_id> unsubscribe(std::string_view topic);
  [[nodiscard]] result<request_id> watch(std::string_view topic);
  [[nodiscard]] result<request_id> unwatch(std::string_view topic);
  [[nodiscard]] result<request_id> request_subscribers(std::string_view topic);
  [[nodiscard]] result<request_id> publish(std::string_view topic, std::uint16_t content_type,
                                           byte_view content);
  /// Appends a PUBLISH without a guarantee to `out`.
  [[nodiscard]] result<void> write_unreliable(bytes& out, std::string_view topic,
                                              std::uint16_t content_type, byte_view content,
                                              std::uint32_t timestamp);
  /// For a request that is no message of the session.
  [[nodiscard]] request_id new_request() noexcept { return next_request_++; }
  [[nodiscard]] bool can_publish() const noexcept;
  /// Whether the user wants the topic's messages, or the filter's.
  [[nodiscard]] bool is_wanted(std::string_view topic) const {
    return topics_.is_wanted(topic, &client_topics::topic::subscription);
  }
  [[nodiscard]] bool is_watch_wanted(std::string_view topic) const {
    return topics_.is_wanted(topic, &client_topics::topic::watch);
  }
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept;

  [[nodiscard]] bool established() const noexcept { return id_.has_value(); }
  /// What CONNECT says; empty for a new session.
  [[nodiscard]] std::optional<message::resume_point> resume_point() const;
  /// The answer to a CONNECT with the present resume_point(). resume_impossible: the session is
  /// lost; unexpected_message: another session than ours was resumed.
  [[nodiscard]] result<void> handle_connack(instant now, const message::connack_success& m);

  [[nodiscard]] result<void> handle(const message::ack& m);
  [[nodiscard]] result<event> handle(instant now, const message::publish& m,
                                     client_event::transport via);
  [[nodiscard]] result<event> handle(instant now, const message::suback& m);
  [[nodiscard]] result<event> handle(instant now, const message::unsuback& m);
  [[nodiscard]] result<event> handle(instant now, const message::watchack& m);
  [[nodiscard]] result<event> handle(instant now, const message::unwatchack& m);
  [[nodiscard]] result<event> handle(instant now, const message::presence& m);
  [[nodiscard]] result<event> handle(instant now, const message::subscriber_list& m);
  [[nodiscard]] result<event> handle(instant now, const message::request_failed& m);

  /// What CONNACK's limits forbid of that which was waiting for it, one by one.
  [[nodiscard]] event poll_refused();
  /// The acknowledged publishes one by one.
  [[nodiscard]] std::optional<request_id> poll_acknowledged() {
    return requests_.poll_acknowledged();
  }
  [[nodiscard]] std::optional<message_id> poll_ack(instant now) { return received_.poll_ack(now); }
  [[nodiscard]] instant poll_timeout() const noexcept { return received_.poll_timeout(); }
  /// Appends numbered messages to `out` until it holds `size_max` bytes or the server's limit of
  /// unacknowledged ones is reached.
  void poll_transmit(bytes& out, std::size_t size_max, std::uint32_t timestamp);

  /// Whether losing the session now would leave anything open.
  [[nodiscard]] bool has_open_requests() const;
  /// Ends it, says what is in doubt, and begins anew with the wishes that the user still has.
  /// Afterwards poll_acknowledged() has nothing more of the old session: empty it before.
  [[nodiscard]] client_event::session_lost lose(boost::system::error_code reason,
                                                std::string_view text);

  [[nodiscard]] const session_limits& limits() const noexcept { return limits_; }

private:
  /// Enough topics and senders for a busy game; past it only messages without a guarantee suffer.
  static constexpr std::size_t latest_keys_max = 4096;

  [[nodiscard]] result<void> check_request(std::string_view topic,
                                           client_requests::kind what) const;
  [[nodiscard]] result<void> check_publish(std::string_view topic, std::uint16_t content_type,
                                           std::size_t content_size) const;
  message_id push(const message::any& what, std::string_view topic);
  void flush();
  void enqueue(const message::any& what, client_requests::entry asked);
  template <class Message>
  result<request_id> ask(std::string_view topic, client_requests::kind what);
  template <class Message>
  void renew(const std::string& topic, client_requests::kind what);
  template <class Message>
  result<event> answer(instant now, const Message& m, client_requests::kind what);
  template <class Action>
  result<event> once(instant now, message_id id, Action action);
  void handle_refused(const client_requests::entry& what, message_id request);
  void refuse_excess(const session_limits& limits);
  void requeue(const message_reader::item& queued, message_id id, std::string_view topic,
               const session_limits& limits, client_requests& asked);
  void check() const;

  /// Of what waits for CONNACK: tells whether anything there has to be looked for at all.
  struct longest {
    std::size_t message = 0;
    std::size_t topic = 0;
  };
  struct refusal {
    request_id request = 0;
    errc reason{};
    std::string text;
    std::string topic;
    bool of_watch = false;
  };

  options options_;
  session_limits limits_; // outlive a session: the best guess for the next one
  longest longest_;
  std::deque<refusal> refused_;
  refusal told_; // what an event's views refer to
  client_topics topics_;
  request_id next_request_ = 1;

  std::optional<session_id> id_;
  send_window sent_;
  message_batch pushed_; // not yet in sent_: so publishes made in one turn share one batch
  receive_window received_;
  client_requests requests_;
  latest_filter latest_{latest_keys_max};
  unreliable_id next_unreliable_ = 1;
  client_requests::entry answered_; // what an event's views may refer to
};

} // namespace kodama
