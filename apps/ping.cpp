#include "apps/client_run.hpp"
#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/text_output.hpp"
#include "apps/units.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kodama::apps {
namespace {

struct ping_command {
  client_options client;
  std::uint64_t count = 3;
  duration interval = std::chrono::milliseconds{200};
  duration timeout = std::chrono::seconds{10};
  std::string format = "text";
};

constexpr const char* footer = R"(
Waits up to a second for UDP to come up. Offsets are the server's time less ours.
json: {"round_trips_ms":[0.2],"time_offset_ms":0.01,"udp":{"up":true,"datagram_size_max":1452,"round_trip_ms":0.2}}
At a signal it tells what it has found so far; time_offset_ms is null where it was not asked for yet.
Exit code: 1 where nothing was answered, or not everything within the timeout.

Example:
  kodama ping --count 5)";

double to_milliseconds(duration time) {
  return std::chrono::duration<double, std::milli>{time}.count();
}

std::string decimal(double number) {
  char text[48];
  std::snprintf(text, sizeof text, "%.3f", number);
  return text;
}

/// Asks one thing after the other: round trips, the time, then what has become of UDP.
class pinger {
public:
  explicit pinger(const ping_command& command)
      : command_{command}
      , run_{"ping", command.client}
      , output_{run_.context(), run_.signals(),
                [this](const auto& error) { run_.handle_unwritable(error); }}
      , timer_{run_.context()} {
    run_.on_end([this] { timer_.cancel(); });
    run_.on_interrupt([this] { interrupt(); });
    run_.on_connected([this] {
      if (!udp_deadline_)
        udp_deadline_ = std::chrono::steady_clock::now() + udp_wait_max;
      if (std::exchange(lost_, false) || round_trips_.empty())
        ping();
    });
    run_.server().on_udp_changed(
        [this](const client_event::udp_changed& e) { udp_size_ = e.up ? e.datagram_size_max : 0; });
  }

  int run() {
    run_.give_up_after(time_max());
    return run_.run();
  }

private:
  static constexpr std::chrono::seconds udp_wait_max{1};
  static constexpr std::chrono::milliseconds udp_look_every{10};

  [[nodiscard]] duration time_max() const {
    const auto longest = std::numeric_limits<duration::rep>::max();
    const auto times = static_cast<duration::rep>(command_.count);
    const auto left = longest - command_.timeout.count();
    return command_.interval.count() > left / times ? duration{longest}
                                                    : command_.timeout + times * command_.interval;
  }

  template <class Call>
  void after(duration pause, Call call) {
    timer_.expires_after(pause);
    timer_.async_wait([this, call](const boost::system::error_code& error) {
      if (!error && !run_.ending())
        call();
    });
  }

  void ping() {
    run_.server().ping([this](const result<duration>& round_trip) {
      if (run_.ending())
        return;
      if (!round_trip) {
        lost_ = true; // and again on the next connection
        return;
      }
      round_trips_.push_back(*round_trip);
      if (command_.format == "text")
        output_.buffer() += command_.client.connect + ": " + to_text(*round_trip) + '\n';
      if (round_trips_.size() < command_.count)
        after(command_.interval, [this] { ping(); });
      else
        ask_time();
    });
  }

  void ask_time() {
    const auto asked =
        run_.server().server_time([this](const result<client_event::server_time>& answer) {
          if (!answer)
            return run_.fail_soon(answer.error().message());
          const auto ours = std::chrono::system_clock::now().time_since_epoch();
          offset_ = std::chrono::microseconds{answer->unix_micros} - ours;
          time_round_trip_ = answer->round_trip;
          await_udp();
        });
    if (!asked)
      run_.fail(asked.error().message());
  }

  /// The round trip by UDP is known a moment after the path is.
  void await_udp() {
    const bool known = udp_size_ != 0 && udp_round_trip() != duration{0};
    if (known || command_.client.no_udp || std::chrono::steady_clock::now() >= *udp_deadline_)
      return report();
    after(udp_look_every, [this] { await_udp(); });
  }

  [[nodiscard]] duration udp_round_trip() { return run_.server().udp_statistics().round_trip; }

  void report() {
    write_report();
    if (!output_.closed())
      run_.finish();
  }

  void interrupt() {
    if (round_trips_.empty())
      return run_.fail("interrupted; nothing was answered" + run_.trouble());
    write_report();
    run_.finish(output_.closed() ? 1 : 0);
  }

  void write_report() {
    command_.format == "json" ? report_json() : report_text();
    output_.flush();
  }

  void report_text() {
    const auto [least, most] = std::minmax_element(round_trips_.begin(), round_trips_.end());
    const auto sum = std::accumulate(round_trips_.begin(), round_trips_.end(), duration{0});
    auto& to = output_.buffer();
    to += "round trip: least " + to_text(*least) + ", mean " +
          to_text(sum / static_cast<std::int64_t>(round_trips_.size())) + ", most " +
          to_text(*most) + '\n';
    if (offset_)
      to += "server time: offset " + decimal(to_milliseconds(*offset_)) + " ms, give or take " +
            decimal(to_milliseconds(time_round_trip_ / 2)) + " ms\n";
    if (udp_size_ != 0)
      to += "UDP: up, datagrams of up to " + std::to_string(udp_size_) + " bytes, round trip " +
            to_text(udp_round_trip()) + '\n';
    else
      to += command_.client.no_udp ? "UDP: not asked for\n" : "UDP: down; everything goes by TCP\n";
  }

  void report_json() {
    auto& to = output_.buffer();
    to += "{\"round_trips_ms\":[";
    for (std::size_t i = 0; i != round_trips_.size(); ++i)
      to += (i == 0 ? "" : ",") + decimal(to_milliseconds(round_trips_[i]));
    to += "],\"time_offset_ms\":" + (offset_ ? decimal(to_milliseconds(*offset_)) : "null");
    to += ",\"udp\":{\"up\":" + std::string{udp_size_ != 0 ? "true" : "false"};
    to += ",\"datagram_size_max\":" + std::to_string(udp_size_);
    to += ",\"round_trip_ms\":" + decimal(to_milliseconds(udp_round_trip())) + "}}\n";
  }

  const ping_command& command_;
  client_run run_;
  text_output output_;
  boost::asio::steady_timer timer_;
  std::vector<duration> round_trips_;
  bool lost_ = false;              // a PING was, with its connection
  std::optional<duration> offset_; // the server's time less ours
  duration time_round_trip_{0};
  std::size_t udp_size_ = 0; // 0: down
  std::optional<std::chrono::steady_clock::time_point> udp_deadline_;
};

parsed<std::uint64_t> parse_count(std::string_view text) {
  return parse_number_within(text, 1, 1'000'000);
}

} // namespace

void add_ping(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<ping_command>();
  auto& app = *parent.add_subcommand("ping", "Measure the way to the server, by TCP and UDP");
  add_client_options(app, command->client);
  add_parsed_option(app, "--count", command->count, parse_count, "Round trips (default: 3)")
      ->type_name("N");
  add_parsed_option(app, "--interval", command->interval, parse_duration,
                    "Between them (default: 200ms)")
      ->type_name("DURATION");
  add_parsed_option(app, "--timeout", command->timeout, parse_duration,
                    "Give up after so long, the intervals not counted (default: 10s)")
      ->type_name("DURATION");
  app.add_option("--format", command->format, "text or json (default: text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  app.footer(footer);
  app.callback([command, &exit_code] { exit_code = pinger{*command}.run(); });
}

} // namespace kodama::apps
