#pragma once

#include "protocol/bytes.hpp"
#include "protocol/client_event.hpp"
#include "protocol/ids.hpp"
#include "protocol/result.hpp"
#include "protocol/time.hpp"
#include "protocol/udp_path.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace kodama {

/// A client of a Kodama server: connects, comes back by itself after a drop, and delivers without
/// loss, repetition or reordering what the session owes.
///
///     kodama::client game{{.server = "play.example.net:7400", .token = token}};
///     game.subscribe("lobby", [](const auto& m) { show(m.sender, kodama::as_text(m.content)); });
///     game.publish("lobby", text_type, kodama::as_bytes("hello"));
///     game.connect();
///     for (;;) { game.poll(); draw(); }           // or simply: game.run();
///
/// Not thread safe: everything is called on one thread, and every callback is made on that thread,
/// from within run(), run_for() or poll(). A callback may call anything but these three, and must
/// not destroy the client. What a callback is given is valid until it returns. A callback must not
/// throw: that ends the program (std::terminate). The constructor apart, nothing throws but for
/// want of memory; errors are values. A name server that does not answer holds nothing up.
///
/// Requests may be made at any time, connected or not; they are sent when there is a connection.
/// Where a request is refused at once the result says so and `completion` is never called;
/// otherwise it is called once, at the latest when the client stops (what callbacks ask for while
/// it does is for the next connect()). Only a client that is destroyed before calls nothing any
/// more.
class client {
public:
  struct options {
    std::string server = "localhost:7400"; ///< "host:port" or "[v6 address]:port"
    std::string token{};                   ///< empty where the server asks for none
    std::chrono::milliseconds keepalive{30'000};
    bool udp = true;    ///< use datagrams for what needs no guarantee, where they pass
    bool resume = true; ///< come back after a lost connection; false: stop instead
    bool renew = true;  ///< open a new session after a lost one; false: stop instead
    duration retry_first = std::chrono::milliseconds{100}; ///< pauses between attempts grow from
    duration retry_max = std::chrono::seconds{10};         ///< the one to the other
    std::chrono::milliseconds connect_timeout{5'000};      ///< for TCP, and then for the answer
    /// Bytes of reliable messages awaiting acknowledgement; publish() is refused past it.
    std::size_t send_buffer_max = 16 * 1024 * 1024;
  };
  /// Without an error: done.
  using completion = std::function<void(boost::system::error_code)>;
  using message_handler = std::function<void(const client_event::received&)>;
  using presence_handler = std::function<void(const client_event::presence&)>;

  /// Throws boost::system::system_error where the process may open no further files.
  explicit client(options chosen);
  /// Says no DISCONNECT: to the server the connection is lost, and the session lives on for as long
  /// as it may be resumed. To end it, disconnect() and run until on_stopped.
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Begins, or begins again after on_stopped, with every subscription and watch that was asked for
  /// and not ended. After disconnect(): when that has been carried out.
  void connect();
  /// Ends the session explicitly: what awaits completion fails with errc::normal, and on_stopped
  /// comes last; also before connect(). Nothing comes where nothing was asked for since on_stopped.
  void disconnect();

  // Topics. A subscription or watch holds over all connections and sessions until it is ended; a
  // further one of the same topic replaces the handler.

  /// `topic` may be a filter: '+' stands for one level, '#' for all that follow, as in MQTT. A
  /// message comes once, and goes to every handler whose topic or filter matches, names first; also
  /// to one whose own subscription has not been confirmed yet.
  ///
  /// `done`: the subscription stands, or the server refused it; a lost session alone is waited
  /// over.
  [[nodiscard]] result<void> subscribe(std::string_view topic, message_handler on_message,
                                       completion done = {});
  /// Nothing is handed to its handler after this call.
  [[nodiscard]] result<void> unsubscribe(std::string_view topic, completion done = {});
  [[nodiscard]] result<void> watch(std::string_view topic, presence_handler on_presence,
                                   completion done = {});
  [[nodiscard]] result<void> unwatch(std::string_view topic, completion done = {});

  /// Delivered once and in order to every subscriber; `done`: the topic has sequenced it. An error
  /// of the session's means that nobody knows whether it was delivered. `content_type` is yours to
  /// give a meaning, from 0x8000 on. too_many_unacknowledged: wait for on_writable().
  [[nodiscard]] result<void> publish(std::string_view topic, std::uint16_t content_type,
                                     byte_view content, completion done = {});
  /// Delivered once or not at all, at once; while disconnected, not at all.
  [[nodiscard]] result<void> publish_unreliable(std::string_view topic, std::uint16_t content_type,
                                                byte_view content);
  [[nodiscard]] bool can_publish() const noexcept;
  /// Publishes and requests that the server has not acknowledged yet.
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept;

  // Questions.

  [[nodiscard]] result<void>
  subscribers(std::string_view topic,
              std::function<void(result<client_event::subscribers>)> answer);
  [[nodiscard]] result<void>
  server_time(std::function<void(result<client_event::server_time>)> answer);
  /// The round trip; connection_lost where there is no connection. Not answered before the server
  /// has read what publish_unreliable() has sent by UDP, unless that was lost: disconnect() goes by
  /// TCP, and would overtake it.
  void ping(std::function<void(result<duration>)> answer);
  [[nodiscard]] bool connected() const noexcept;
  [[nodiscard]] udp_path::statistics udp_statistics() const;

  // What happens. Each may be set once, before or after connect(); unset ones cost nothing.

  void on_connected(std::function<void(const client_event::connected&)> call);
  void on_connection_lost(std::function<void(const client_event::connection_lost&)> call);
  void on_session_lost(std::function<void(const client_event::session_lost&)> call);
  void on_stopped(std::function<void(const client_event::stopped&)> call);
  void on_udp_changed(std::function<void(const client_event::udp_changed&)> call);
  /// A subscription stands, asked for or renewed; messages begin with `first`.
  void on_subscribed(std::function<void(const client_event::subscribed&)> call);
  /// Every refusal with the server's words, after the completion of what was refused, if it has
  /// one.
  void on_refused(std::function<void(const client_event::request_failed&)> call);
  /// After a refused publish: there is room again.
  void on_writable(std::function<void()> call);

  // Driving it.

  /// Until the client has stopped and nothing else is going on in context().
  void run();
  void run_for(duration at_most);
  /// What can be done without waiting, in up to eight turns of context(): for a loop that is not
  /// ours. What a flood leaves waits for the next call.
  void poll();
  /// For the caller's own timers, sockets and terminals beside the client's. They have to be
  /// destroyed before the client, which owns it.
  [[nodiscard]] boost::asio::io_context& context() noexcept;

private:
  class body;

  std::unique_ptr<body> body_;
};

} // namespace kodama
