#include "apps/client_run.hpp"

#include "apps/message_text.hpp"
#include "protocol/message.hpp"
#include "protocol/mqtt/topic_filter.hpp"
#include "protocol/tlv.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace kodama::apps {
namespace {

using boost::system::error_code;

/// How long DISCONNECT may take to leave: on a dead connection it never does.
constexpr std::chrono::seconds grace{1};

} // namespace

client_run::client_run(std::string command, const client_options& chosen)
    : command_{std::move(command)}
    , address_{chosen.connect}
    , terminal_{::isatty(STDERR_FILENO) != 0}
    , watched_{terminal_ || chosen.verbose}
    , server_{to_client(chosen)}
    , signals_{server_.context()}
    , deadline_{server_.context()}
    , grace_{server_.context()} {
  // A reader of our output that goes away is told apart by EPIPE.
  std::signal(SIGPIPE, SIG_IGN);
  listen();
  if (const auto checked = check_token(chosen.token); !checked)
    fail(checked.error().reason);
}

void client_run::listen() {
  server_.on_connected([this](const client_event::connected& e) {
    last_loss_.clear();
    was_connected_ = true;
    limits_ = e.limits;
    const auto text = "connected to " + address_ + " as client " + std::to_string(e.client) +
                      (e.resumed ? ", resumed" : "");
    if (std::exchange(outage_told_, false))
      tell(text);
    else
      note(text);
    if (on_connected_)
      on_connected_();
  });
  server_.on_connection_lost([this](const client_event::connection_lost& e) {
    const bool is_outage = !was_connected_ || !last_loss_.empty();
    last_loss_ = in_words(e.reason, e.text);
    note("no connection: " + last_loss_ + "; next attempt in " + to_text(e.attempt_in));
    if (is_outage)
      note_outage();
  });
  server_.on_stopped([this](const client_event::stopped& e) {
    if (!ending_)
      fail(address_ + " refuses: " + in_words(e.reason, e.text));
    grace_.cancel();
    signals_.cancel();
  });
}

void client_run::await_signal() {
  signals_.async_wait([this] {
    if (ending_)
      return context().stop(); // The second time somebody is in a hurry.
    if (on_interrupt_)
      on_interrupt_();
    else
      fail("interrupted" + trouble());
    await_signal();
  });
}

int client_run::run() {
  if (ending_)
    return exit_code_;
  await_signal();
  server_.connect();
  server_.run();
  return exit_code_;
}

void client_run::fail(std::string_view why) {
  if (ending_)
    return;
  tell(std::string{why} + (on_last_words_ ? on_last_words_() : ""));
  exit_code_ = 1;
  end();
}

void client_run::fail_soon(std::string why) {
  boost::asio::post(context(), [this, why = std::move(why)] { fail(why); });
}

void client_run::finish(int exit_code) {
  if (ending_)
    return;
  exit_code_ = exit_code;
  end();
}

void client_run::give_up_after(duration timeout) {
  deadline_.expires_after(timeout);
  deadline_.async_wait([this, timeout](const error_code& error) {
    if (!error)
      fail("no answer within " + to_text(timeout) + trouble());
  });
}

void client_run::handle_unwritable(const error_code& error) {
  if (error == boost::system::errc::broken_pipe)
    finish();
  else if (error != boost::system::errc::interrupted)
    fail("cannot write: " + error.message());
}

void client_run::end() {
  ending_ = true;
  deadline_.cancel();
  show_progress({});
  if (on_end_)
    on_end_();
  grace_.expires_after(grace);
  grace_.async_wait([this](const error_code& error) {
    if (!error)
      context().stop();
  });
  server_.disconnect();
}

void client_run::tell(std::string_view text) {
  show_progress({});
  std::fprintf(stderr, "kodama: %s: %s\n", command_.c_str(), printable(text).c_str());
}

void client_run::note(std::string_view text) {
  if (watched_ && !ending_)
    tell(text);
}

void client_run::note_outage() {
  if (!tells_outages_ || watched_ || ending_ || std::exchange(outage_told_, true))
    return;
  tell("no connection to " + address_ + ": " + last_loss_ + "; goes on trying");
}

void client_run::show_progress(const std::string& text) {
  if (!terminal_ || (text.empty() && !progress_shown_))
    return;
  progress_shown_ = !text.empty();
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
}

std::string client_run::trouble() const {
  if (server_.connected())
    return {};
  return " (no connection to " + address_ + (last_loss_.empty() ? "" : ": " + last_loss_) + ")";
}

std::string in_words(const error_code& why, std::string_view text) {
  return why.message() + (text.empty() ? "" : ": " + std::string{text});
}

std::string refusal_text(std::string_view topic, const error_code& why, std::string_view text) {
  const bool is_filter = why == errc::invalid_topic && mqtt::has_wildcard(topic);
  return std::string{topic} + ": " + in_words(why, text) +
         (is_filter ? "; that is a filter, name one topic" : "");
}

std::string size_refusal_text(std::string_view topic, std::size_t size,
                              const session_limits& limits) {
  const auto whole = message_header_size + section_size(sizeof(message_id)) +
                     section_size(topic.size()) + section_size(size);
  return make_error_code(errc::message_too_long).message() + "; with its topic it has " +
         std::to_string(whole) + " bytes, and message_size_max is " +
         std::to_string(limits.message_size_max);
}

std::string to_text(duration time) {
  const auto milliseconds = std::chrono::duration<double, std::milli>{time}.count();
  char text[32];
  if (milliseconds >= 1000)
    std::snprintf(text, sizeof text, "%.1f s", milliseconds / 1000);
  else
    std::snprintf(text, sizeof text, "%.*f ms", milliseconds >= 10 ? 0 : 3, milliseconds);
  return text;
}

} // namespace kodama::apps
