#include "apps/bench_load.hpp"
#include "apps/bench_options.hpp"
#include "apps/bench_process.hpp"
#include "apps/bench_report.hpp"
#include "apps/client_options.hpp"
#include "apps/command_status.hpp"
#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/process.hpp"
#include "net/resolve.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace kodama::apps {
namespace {

using namespace bench;

constexpr const char* footer = R"(
Without --connect it starts a server of its own and measures that one's CPU too; with --connect,
--pid names the process to measure. Exits with 1 when a check fails: with a guarantee every message
has to arrive once and in order; without, none twice and none late. With 2 where standard output took not everything.

Examples:
  kodama bench fanout
  kodama bench pairs --pairs 50 --window 128
  kodama bench latency --pairs 20 --rate 5000 --against-echo
  kodama bench idle --conns 10000
  kodama bench fanout --mqtt --unreliable --connect localhost:1883 --pid $(pidof mosquitto))";

// Bounds of a run, so that a slip of a finger does not take the machine with it.
constexpr std::uint64_t clients_max = 20'000;
constexpr std::uint64_t payload_max = 60'000; ///< fits message_size_max with all that is added
constexpr std::uint64_t window_max = 4'096;   ///< the protocol's own unacknowledged_max
constexpr std::uint64_t rate_max = 200'000;
constexpr std::uint64_t batch_bytes_max = 16 * 1024 * 1024; ///< of all publishers' windows
constexpr auto time_max = std::chrono::seconds{60};

/// Seconds, with or without a unit.
parsed<duration> parse_time(std::string_view text) {
  const bool bare = text.find_first_not_of("0123456789.") == std::string_view::npos;
  const auto time = parse_duration(bare ? std::string{text} + 's' : std::string{text});
  if (time && *time > time_max)
    return refusal{'"' + std::string{text} + "\" is too long; expected at most 60s"};
  return time;
}

/// The time that is measured: of none nothing could be said.
parsed<duration> parse_measured(std::string_view text) {
  auto time = parse_time(text);
  if (time && *time == duration{0})
    return refusal{'"' + std::string{text} + "\" is too short; expected more than 0, at most 60s"};
  return time;
}

auto within(std::uint64_t least, std::uint64_t most) {
  return [=](std::string_view text) { return parse_number_within(text, least, most); };
}

struct bench_command {
  options chosen;
  std::uint64_t pid = 0;
};

void add_number(CLI::App& app, const std::string& name, std::size_t& target, std::uint64_t most,
                const std::string& description, std::uint64_t least = 1) {
  add_parsed_option(app, name, target, within(least, most), description)->type_name("N");
}

void add_server_options(CLI::App& app, bench_command& command) {
  auto& chosen = command.chosen;
  app.add_option_function<std::string>(
         "--connect",
         [&chosen](const std::string& text) {
           const auto where = parse_host_port(text);
           if (!where)
             throw CLI::ValidationError("--connect", where.error().reason);
           chosen.connect = *where;
         },
         "The server (default: one of our own)")
      ->type_name("HOST:PORT");
  add_token_option(app, chosen.token);
  add_number(app, "--pid", command.pid, 1U << 22U, "The server's process, to measure its costs");
  add_number(app, "--threads", chosen.server_threads, 64, "Of our own server (default: 1)");
  app.add_flag("--mqtt", chosen.mqtt,
               "Speak MQTT 3.1.1, at QoS 1, or with --unreliable at QoS 0: to any broker");
  app.add_flag("--json", chosen.json, "One JSON object per line");
}

void add_traffic_options(CLI::App& app, options& chosen) {
  add_number(app, "--payload", chosen.payload, payload_max, "Bytes of content (default: 64)",
             sizeof(stamp));
  add_number(app, "--window", chosen.window, window_max,
             "Messages that a publisher may be ahead (default: 256)");
  add_parsed_option(app, "--seconds", chosen.measured, parse_measured, "Measured time (default: 2)")
      ->type_name("TIME");
  add_parsed_option(app, "--warmup", chosen.warmup, parse_time, "Time before it (default: 0.4)")
      ->type_name("TIME");
  app.add_flag("--unreliable", chosen.unreliable, "Without a guarantee, over TCP");
}

void add_echo_options(CLI::App& app, options& chosen) {
  app.add_flag("--against-echo", chosen.against_echo,
               "Measure a bare Asio echo in turns with the server, and print the ratio");
  add_number(app, "--rounds", chosen.rounds, 20, "Turns of each (default: 3)");
}

void add_pace_options(CLI::App& app, options& chosen) {
  add_number(app, "--rate", chosen.rate, rate_max, "Messages/s over all pairs (default: 5000)");
  app.add_flag("--sleep", chosen.sleeping,
               "Sleep between messages instead of polling: leaves a core, costs precision");
}

// --- running ----------------------------------------------------------------------------------

int fail(const std::string& what) {
  std::fprintf(stderr, "kodama: bench: %s\n", what.c_str());
  return 1;
}

void print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

/// For people only: a pipe wants the result and nothing else.
std::function<void(const std::string&)> progress_line(const std::string& prefix) {
  if (::isatty(STDERR_FILENO) == 0)
    return {};
  return [prefix](const std::string& what) {
    std::fprintf(stderr, "\r\033[K%s%s", prefix.c_str(), what.c_str());
  };
}

void clear_progress() {
  if (::isatty(STDERR_FILENO) != 0)
    std::fprintf(stderr, "\r\033[K");
}

/// Where the load goes: someone else's server, or one that lives as long as this.
struct destination {
  load::place place;
  std::optional<server_process> own;
};

result<destination> find_server(const options& chosen) {
  if (chosen.connect) {
    const auto where = net::resolve(chosen.connect->host, chosen.connect->port);
    if (!where)
      return where.error();
    return destination{{*where, chosen.server_pid, false}, std::nullopt};
  }
  auto own = server_process::serve(chosen.server_threads, chosen.mqtt);
  if (!own)
    return own.error();
  const load::place place{own->endpoint(), own->pid(), false};
  return destination{place, std::move(*own)};
}

result<destination> find_echo() {
  auto own = server_process::echo();
  if (!own)
    return own.error();
  const load::place place{own->endpoint(), own->pid(), true};
  return destination{place, std::move(*own)};
}

traffic_outcome run_traffic(const options& chosen, const load::place& place, std::string_view who) {
  auto found = load{chosen, place, progress_line(std::string{who} + ": ")}.traffic();
  clear_progress();
  print(chosen.json ? to_json(chosen, who, found) : to_text(chosen, who, found));
  return found;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Server and floor in turns, so that whatever else the machine does hits both.
int run_against_echo(const options& chosen, const load::place& server) {
  const auto echo = find_echo();
  if (!echo)
    return fail("cannot start the echo: " + echo.error().message());
  std::vector<double> ratios;
  std::vector<double> of_server;
  std::vector<double> of_echo;
  bool correct = true;
  for (std::size_t round = 0; round != chosen.rounds; ++round) {
    const auto ours = run_traffic(chosen, server, "server");
    const auto floor = run_traffic(chosen, echo->place, "echo");
    correct = correct && ours.correct(!chosen.unreliable) && floor.correct(!chosen.unreliable);
    of_server.push_back(ours.server_us_per_delivery());
    of_echo.push_back(floor.server_us_per_delivery());
    ratios.push_back(of_echo.back() > 0 ? of_server.back() / of_echo.back() : 0);
  }
  char line[256];
  std::snprintf(line, sizeof line,
                chosen.json ? "{\"mode\":\"against-echo\",\"server_us_per_message\":%.3f,"
                              "\"echo_us_per_message\":%.3f,\"ratio\":%.3f}"
                            : "against a bare Asio echo: server %.2f us, echo %.2f us CPU per "
                              "message, ratio %.2f (medians)",
                median(of_server), median(of_echo), median(ratios));
  print(line);
  return correct ? 0 : 1;
}

int run_idle(const options& chosen, const load::place& place) {
  const auto found = load{chosen, place, progress_line("")}.idle();
  clear_progress();
  print(chosen.json ? to_json(found) : to_text(found));
  return found.failure.empty() ? 0 : 1;
}

int run(bench_command& command) {
  auto& chosen = command.chosen;
  chosen.server_pid = static_cast<pid_t>(command.pid);
  const auto clients = chosen.topics * (chosen.publishers + chosen.subscribers);
  if (clients > clients_max)
    return fail(std::to_string(clients) + " connections are too many; at most " +
                std::to_string(clients_max));
  if (chosen.topics * chosen.publishers * chosen.window * chosen.payload > batch_bytes_max)
    return fail("publishers x window x payload is too much; at most 16 MiB");
  if (chosen.publishers != 1 && (chosen.against_echo || chosen.echo_only))
    return fail("the echo takes one publisher per topic");
  if (const auto checked = check_token(chosen.token); !chosen.mqtt && !checked)
    return fail(checked.error().reason);
  if (command.pid != 0 && !chosen.connect)
    return fail("--pid is for a server of --connect; one of our own is measured anyway");
  if (command.pid != 0 && !cpu_time(chosen.server_pid))
    return fail("--pid: there is no process " + std::to_string(command.pid));
  raise_descriptor_limit();
  auto where = chosen.echo_only ? find_echo() : find_server(chosen);
  if (!where)
    return fail("no server: " + where.error().message());
  if (chosen.what == workload::idle)
    return run_idle(chosen, where->place);
  if (chosen.against_echo)
    return run_against_echo(chosen, where->place);
  const auto found = run_traffic(chosen, where->place, chosen.echo_only ? "echo" : "server");
  return found.correct(!chosen.unreliable) ? 0 : 1;
}

// --- the command line -------------------------------------------------------------------------

/// A workload of its own options; whatever it is, run() carries it out.
CLI::App& add_workload(CLI::App& parent, const std::string& name, const std::string& description,
                       const std::shared_ptr<bench_command>& command, int& exit_code) {
  auto& app = *parent.add_subcommand(name, description);
  app.callback(
      [command, &exit_code] { exit_code = status_of("bench", [&] { return run(*command); }); });
  return app;
}

void add_fanout(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<bench_command>();
  auto& chosen = command->chosen;
  chosen.subscribers = 100;
  auto& app =
      add_workload(parent, "fanout", "Publishers and subscribers of one topic", command, exit_code);
  add_number(app, "--pubs", chosen.publishers, 1'000, "Publishers (default: 1)");
  add_number(app, "--subs", chosen.subscribers, 10'000, "Subscribers (default: 100)");
  add_traffic_options(app, chosen);
  add_echo_options(app, chosen);
  add_server_options(app, *command);
}

void add_pairs(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<bench_command>();
  auto& chosen = command->chosen;
  chosen.what = workload::pairs;
  chosen.topics = 50;
  chosen.window = 128;
  auto& app = add_workload(parent, "pairs", "Topics of one publisher and one subscriber each",
                           command, exit_code);
  add_number(app, "--pairs", chosen.topics, 5'000, "Topics (default: 50)");
  add_traffic_options(app, chosen);
  add_echo_options(app, chosen);
  add_server_options(app, *command);
}

void add_latency(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<bench_command>();
  auto& chosen = command->chosen;
  chosen.what = workload::latency;
  chosen.topics = 20;
  auto& app = add_workload(parent, "latency", "Pairs at a fixed total rate, whatever comes back",
                           command, exit_code);
  add_number(app, "--pairs", chosen.topics, 5'000, "Topics (default: 20)");
  add_number(app, "--subs", chosen.subscribers, 10'000, "Subscribers of each (default: 1)");
  add_pace_options(app, chosen);
  add_traffic_options(app, chosen);
  add_echo_options(app, chosen);
  add_server_options(app, *command);
}

void add_echo(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<bench_command>();
  auto& chosen = command->chosen;
  chosen.what = workload::latency;
  chosen.topics = 20;
  chosen.echo_only = true;
  auto& app = add_workload(parent, "echo",
                           "The floor: a bare Asio echo under the load of latency, or of pairs",
                           command, exit_code);
  add_number(app, "--pairs", chosen.topics, 5'000, "Topics (default: 20)");
  add_pace_options(app, chosen);
  app.add_flag_callback(
      "--saturate", [&chosen] { chosen.what = workload::pairs; },
      "As pairs: as fast as the window allows");
  add_traffic_options(app, chosen);
  app.add_flag("--json", chosen.json, "One JSON object per line");
}

void add_idle(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<bench_command>();
  auto& chosen = command->chosen;
  chosen.what = workload::idle;
  auto& app = add_workload(parent, "idle", "Sessions that subscribe and then say nothing", command,
                           exit_code);
  add_number(app, "--conns", chosen.connections, clients_max, "Sessions (default: 10000)");
  add_parsed_option(app, "--settle", chosen.settle, parse_time,
                    "Before memory is read (default: 1s)")
      ->type_name("TIME");
  add_server_options(app, *command);
}

} // namespace

void add_bench(CLI::App& parent, int& exit_code) {
  auto& app = *parent.add_subcommand("bench", "A load generator that checks what it measures");
  app.require_subcommand(1);
  app.footer(footer);
  add_fanout(app, exit_code);
  add_pairs(app, exit_code);
  add_latency(app, exit_code);
  add_idle(app, exit_code);
  add_echo(app, exit_code);
}

} // namespace kodama::apps
