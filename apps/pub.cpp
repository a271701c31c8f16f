#include "apps/client_run.hpp"
#include "apps/commands.hpp"
#include "apps/line_input.hpp"
#include "apps/parsed_option.hpp"
#include "apps/units.hpp"
#include "protocol/topic_name.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

namespace kodama::apps {
namespace {

struct pub_command {
  client_options client;
  bool unreliable = false;
  std::uint16_t type = 0x8001;
  duration timeout = std::chrono::seconds{60};
  std::string topic;
  std::string message = "-";
};

constexpr const char* footer = R"(
Reliable messages are confirmed by the topic one by one, over as many connections as it takes.
Unreliable ones wait at most half a second for UDP, leave in bursts, and may get lost.
Exit code: 0 only when everything is confirmed (or sent, with --unreliable); otherwise one line on
stderr says how many messages are not. The server forgets a session after its resume window (60 s
by default): nobody can know then, and nothing is sent twice.

Examples:
  kodama pub lobby 'hello, everybody'
  seq 1 100000 | kodama pub numbers -)";

parsed<std::uint16_t> parse_type(std::string_view text) {
  const auto digits = text.substr(0, 2) == "0x" ? text.substr(2) : text;
  std::uint16_t type = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), type,
                                            digits.size() == text.size() ? 10 : 16);
  if (error != std::errc{} || end != digits.data() + digits.size() || type < 0x8000)
    return refusal{'"' + std::string{text} + "\" is not a content type; expected 0x8000 to 0xffff"};
  return type;
}

/// Publishes lines, or the one message, as fast as they are confirmed.
class publisher {
public:
  explicit publisher(const pub_command& command)
      : command_{command}
      , run_{"pub", command.client}
      , timer_{run_.context()} {
    if (command.message == "-")
      input_.emplace(run_.context(), STDIN_FILENO);
    run_.on_last_words([this] { return last_words(); });
    run_.on_end([this] {
      timer_.cancel();
      if (input_)
        input_->cancel();
    });
    run_.on_connected([this] {
      lost_.clear();
      go_on();
    });
    run_.server().on_session_lost([this](const auto& e) { handle_session_lost(e); });
    run_.server().on_writable([this] { go_on(); });
    run_.server().on_udp_changed([this](const client_event::udp_changed&) { go_on(); });
  }

  int run() {
    // Before anything is read: what is to be refused is so without a message, too.
    if (const auto valid = check_topic_name(command_.topic, topic_length_max); !valid)
      run_.fail(refusal_text(command_.topic, valid.error()));
    await_tick();
    go_on();
    return run_.run();
  }

private:
  using clock = std::chrono::steady_clock;

  /// Between two looks at whether anything moves.
  static constexpr std::chrono::milliseconds tick{200};
  static constexpr std::chrono::milliseconds udp_wait_max{500};
  /// Datagrams that the buffers of the sockets on the way take at once.
  static constexpr unsigned burst_max = 64;
  static constexpr std::size_t topic_length_max = 65'535; // more no server can be told to allow

  /// Publishes what can be published now. Called again whenever that may have changed.
  void go_on() {
    while (!run_.ending() && !all_sent_) {
      const auto message = next_message();
      if (!message && !input_->at_end())
        return read_more();
      if (!message)
        return stop_sending(input_error());
      if (!(command_.unreliable ? send_unreliable(*message) : send(*message)))
        return;
      ++sent_;
      if (!input_)
        return stop_sending({});
      input_->drop_first();
    }
    if (!run_.ending())
      await_rest();
  }

  /// What has been accepted is waited for all the same: a line that is refused is no reason to lose
  /// those before it. `why` is told then, and is empty where all went well.
  void stop_sending(std::string why) {
    all_sent_ = true;
    why_stopped_ = std::move(why);
    await_rest();
  }

  void await_rest() {
    if (command_.unreliable)
      flush();
    else
      finish_when_confirmed();
  }

  void finish() {
    if (why_stopped_.empty())
      run_.finish();
    else
      run_.fail(why_stopped_);
  }

  std::optional<std::string_view> next_message() {
    return input_ ? input_->first() : std::optional<std::string_view>{command_.message};
  }

  std::string input_error() {
    const auto& error = input_->error();
    if (error == boost::system::errc::message_size)
      return "line " + std::to_string(sent_ + 1) + ": longer than " +
             std::to_string(line_input::line_size_max) + " bytes";
    return error ? "cannot read: " + error.message() : std::string{};
  }

  void read_more() {
    if (std::exchange(reading_, true))
      return;
    input_->read_more([this] {
      reading_ = false;
      go_on();
    });
  }

  /// False: not now, or never.
  bool send(std::string_view message) {
    if (!run_.limits())
      return false; // what the server's limits forbid is to be told by its line, here
    const auto asked = run_.server().publish(command_.topic, command_.type, as_bytes(message),
                                             [this](const auto& error) { handle_outcome(error); });
    if (!asked && asked.error() != errc::too_many_unacknowledged)
      refuse(message, asked.error());
    return asked.has_value();
  }

  bool send_unreliable(std::string_view message) {
    if (!run_.server().connected() || waits_for_udp())
      return false;
    if (burst_ == burst_max) {
      flush();
      return false;
    }
    const auto sent =
        run_.server().publish_unreliable(command_.topic, command_.type, as_bytes(message));
    if (!sent) {
      refuse(message, sent.error());
      return false;
    }
    ++burst_;
    ++confirmed_; // as far as that goes
    return true;
  }

  /// A path takes a few round trips to prove; after that the first messages take it, too.
  bool waits_for_udp() {
    if (command_.client.no_udp || sent_ != 0)
      return false;
    if (!udp_deadline_)
      udp_deadline_ = clock::now() + udp_wait_max;
    return run_.server().udp_statistics().probes_answered == 0 && clock::now() < *udp_deadline_;
  }

  /// The answer to a ping shows that the server has read what went before it, datagrams included,
  /// so that neither the next burst nor our DISCONNECT overtakes it.
  void flush() {
    if (refused_)
      return;
    unanswered_ = true;
    if (!run_.server().connected())
      return all_sent_ ? finish() : void();
    if (std::exchange(flushing_, true))
      return;
    run_.server().ping([this](const auto& answer) {
      flushing_ = false;
      if (!answer)
        return; // what becomes of the connection or the session, the client tells next
      burst_ = 0;
      unanswered_ = false;
      if (all_sent_)
        finish();
      else
        go_on();
    });
  }

  /// What the server said about it is told next, in the same turn.
  void handle_outcome(const boost::system::error_code& error) {
    if (error) {
      boost::asio::post(run_.context(),
                        [this, error] { run_.fail(lost_.empty() ? error.message() : lost_); });
      return;
    }
    ++confirmed_;
    finish_when_confirmed();
  }

  /// Of those without a guarantee nothing is kept that could be sent again, and a server that goes
  /// away or has forgotten us refuses nothing. One that ends the session for what it was sent may
  /// not have passed on all of the burst.
  void handle_session_lost(const client_event::session_lost& e) {
    lost_ = in_words(e.reason, e.text);
    const bool refuses = e.reason != errc::session_unknown && e.reason != errc::going_away &&
                         e.reason != errc::resume_impossible;
    if (!command_.unreliable || burst_ == 0 || !refuses)
      return;
    refused_ = true;
    run_.fail_soon(lost_);
  }

  void finish_when_confirmed() {
    if (all_sent_ && confirmed_ == sent_)
      finish();
  }

  void refuse(std::string_view message, const boost::system::error_code& why) {
    const auto& limits = run_.limits().value();
    if (why == errc::invalid_topic)
      stop_sending(refusal_text(command_.topic, why));
    else if (why == errc::topic_too_long)
      stop_sending(refusal_text(command_.topic, why) + "; it has " +
                   std::to_string(command_.topic.size()) + " bytes, and topic_length_max is " +
                   std::to_string(limits.topic_length_max));
    else
      stop_sending((input_ ? "line " + std::to_string(sent_ + 1) + ": " : "") +
                   size_refusal_text(command_.topic, message.size(), limits));
  }

  void await_tick() {
    timer_.expires_after(tick);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || run_.ending())
        return;
      if (run_.shows_progress())
        run_.show_progress("kodama: pub: " + std::to_string(sent_) + " sent, " +
                           std::to_string(confirmed_) + " confirmed");
      if (command_.unreliable)
        go_on(); // the time to wait for UDP may be over
      give_up_when_stuck();
      if (!run_.ending())
        await_tick();
    });
  }

  void give_up_when_stuck() {
    const bool waits =
        sent_ != confirmed_ || unanswered_ || (!run_.server().connected() && !all_sent_);
    if (!waits || confirmed_ != seen_confirmed_)
      moved_ = clock::now();
    seen_confirmed_ = confirmed_;
    if (clock::now() - moved_ >= command_.timeout)
      run_.fail((command_.unreliable ? "no answer within " : "nothing was confirmed for ") +
                to_text(command_.timeout) + run_.trouble());
  }

  std::string last_words() const {
    if (sent_ == 0)
      return {};
    if (command_.unreliable)
      return "; " + std::to_string(sent_) + " messages sent" +
             (burst_ == 0 ? ""
                          : ", of the last " + std::to_string(burst_) +
                                " nobody knows whether they arrived");
    const auto of = " of " + std::to_string(sent_) + " messages ";
    return "; " + (sent_ == confirmed_ ? std::to_string(sent_) + of + "confirmed"
                                       : std::to_string(sent_ - confirmed_) + of + "unconfirmed");
  }

  const pub_command& command_;
  client_run run_;
  boost::asio::steady_timer timer_;
  std::optional<line_input> input_;
  bool reading_ = false;
  bool all_sent_ = false; // or nothing further will be
  std::string why_stopped_;
  std::string lost_; // why the last session was, in the server's words
  std::uint64_t sent_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t seen_confirmed_ = 0;
  clock::time_point moved_ = clock::now();

  // Without a guarantee.
  std::optional<clock::time_point> udp_deadline_;
  unsigned burst_ = 0; // since the last answer
  bool flushing_ = false;
  bool unanswered_ = false; // as flushing_, but over all connections that it takes
  bool refused_ = false;    // the run is about to fail
};

} // namespace

void add_pub(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<pub_command>();
  auto& app = *parent.add_subcommand("pub", "Publish one message, or every line of stdin");
  add_client_options(app, command->client);
  app.add_flag("--unreliable", command->unreliable, "Without a guarantee, by UDP where it passes");
  add_parsed_option(app, "--type", command->type, parse_type,
                    "Content type, from 0x8000 (default: 0x8001)")
      ->type_name("TYPE");
  add_parsed_option(app, "--timeout", command->timeout, parse_duration,
                    "Give up when nothing is confirmed for so long (default: 60s)")
      ->type_name("DURATION");
  app.add_option("TOPIC", command->topic, "Where to")->required();
  app.add_option("MESSAGE", command->message, "The message; \"-\" or none: every line of stdin");
  app.footer(footer);
  app.callback([command, &exit_code] { exit_code = publisher{*command}.run(); });
}

} // namespace kodama::apps
