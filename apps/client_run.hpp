#pragma once

#include "apps/client_options.hpp"
#include "apps/end_signals.hpp"
#include "client/client.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::apps {

/// One client for the time of a subcommand: from connect() to a DISCONNECT at SIGINT, SIGTERM or
/// when the work is done, with everything a person should read about it on stderr, a line each.
///
/// The subcommand sets what it wants to hear of, then calls run(). fail() and finish() may be
/// called from anything that run() calls; the first of them decides the exit code. A server that
/// refuses us for good (a wrong token) is a failure; a lost connection is not. SIGPIPE is ignored.
class client_run {
public:
  client_run(std::string command, const client_options& chosen);
  client_run(const client_run&) = delete;
  client_run& operator=(const client_run&) = delete;

  [[nodiscard]] client& server() noexcept { return server_; }
  [[nodiscard]] boost::asio::io_context& context() noexcept { return server_.context(); }
  [[nodiscard]] end_signals& signals() noexcept { return signals_; }

  /// After the connection stands, again after each reconnect.
  void on_connected(std::function<void()> call) { on_connected_ = std::move(call); }
  /// Instead of fail(), at a signal. It has to end the run.
  void on_interrupt(std::function<void()> call) { on_interrupt_ = std::move(call); }
  /// Once, when the run ends: cancel what would keep the context busy.
  void on_end(std::function<void()> call) { on_end_ = std::move(call); }

  /// Added to every failure's line, such as "; 3 of 5 messages unconfirmed".
  void on_last_words(std::function<std::string()> call) { on_last_words_ = std::move(call); }

  /// The server's, from the first connection on.
  [[nodiscard]] const std::optional<session_limits>& limits() const noexcept { return limits_; }

  /// Connects and runs to the end, unless that has come already (with a token that has no room,
  /// say); the exit code.
  [[nodiscard]] int run();
  /// "kodama: COMMAND: WHY" and exit code 1.
  void fail(std::string_view why);
  /// For what may be no more than a consequence of the client's stopping, which is told in the same
  /// turn and is the better reason.
  void fail_soon(std::string why);
  void finish(int exit_code = 0);
  /// To be called before run(): fails when it has not ended by then.
  void give_up_after(duration timeout);
  /// For whoever waits without end: also where nobody watches it is told that there is no server,
  /// once, and that there is one again. A single cut is none of it.
  void tell_outages() { tells_outages_ = true; }
  /// Standard output refused what we wrote. That nobody reads any more (EPIPE) is a quiet end; of
  /// what a signal interrupts (EINTR) the signal itself tells.
  void handle_unwritable(const boost::system::error_code& error);
  [[nodiscard]] bool ending() const noexcept { return ending_; }

  /// A line on stderr in any case, whatever the server has put into it, and one for those who
  /// watch: on a terminal, or with --verbose.
  void tell(std::string_view text);
  void note(std::string_view text);
  /// Replaces the last progress; only on a terminal.
  void show_progress(const std::string& text);
  [[nodiscard]] bool shows_progress() const noexcept { return terminal_; }
  /// Why there is no connection, for the last words; empty where there is nothing to say.
  [[nodiscard]] std::string trouble() const;

private:
  void listen();
  void note_outage();
  void await_signal();
  void end();

  std::string command_;
  std::string address_;
  bool terminal_;
  bool watched_;
  client server_;
  end_signals signals_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer grace_;
  std::function<void()> on_connected_;
  std::function<void()> on_interrupt_;
  std::function<void()> on_end_;
  std::function<std::string()> on_last_words_;
  std::optional<session_limits> limits_;
  std::string last_loss_; // since the connection stood last
  bool was_connected_ = false;
  bool tells_outages_ = false;
  bool outage_told_ = false;
  bool progress_shown_ = false;
  bool ending_ = false;
  int exit_code_ = 0;
};

/// A reason, and the server's words where it had any: "not_authorized: no rule allows it".
[[nodiscard]] std::string in_words(const boost::system::error_code& why, std::string_view text);

/// Why something about a topic was refused: "a/+: invalid_topic; that is a filter, name one topic".
[[nodiscard]] std::string refusal_text(std::string_view topic, const boost::system::error_code& why,
                                       std::string_view text = {});

/// Why no message of so many bytes may be sent: "message_too_long; with its topic it has 100048
/// bytes, and message_size_max is 65536".
[[nodiscard]] std::string size_refusal_text(std::string_view topic, std::size_t size,
                                            const session_limits& limits);

/// "2.5 s", "300 ms", "0.182 ms": as exact as a person wants it.
[[nodiscard]] std::string to_text(duration time);

} // namespace kodama::apps
