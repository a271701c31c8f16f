#include "apps/bench_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace kodama::apps::bench {
namespace {

[[gnu::format(printf, 1, 2)]] std::string format(const char* shape, ...) {
  std::array<char, 512> text{};
  va_list values;
  va_start(values, shape);
  std::vsnprintf(text.data(), text.size(), shape, values);
  va_end(values);
  return text.data();
}

double seconds(duration what) {
  return static_cast<double>(what.count()) / 1e9;
}

/// How many of something there were per second of the run.
double rate(std::uint64_t count, duration measured) {
  return measured > duration{0} ? static_cast<double>(count) / seconds(measured) : 0;
}

double cores(duration cpu, duration measured) {
  return measured > duration{0} ? seconds(cpu) / seconds(measured) : 0;
}

double per(duration cpu, std::uint64_t count) {
  return count != 0 ? static_cast<double>(cpu.count()) / 1e3 / static_cast<double>(count) : 0;
}

/// In microseconds.
double percentile(const std::vector<std::uint32_t>& ascending, double share) {
  if (ascending.empty())
    return 0;
  const auto last = ascending.size() - 1;
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(last)));
  return static_cast<double>(ascending[std::min(at, last)]) / 1e3;
}

std::string_view name_of(workload what) {
  switch (what) {
  case workload::fanout: return "fanout";
  case workload::pairs: return "pairs";
  case workload::latency: return "latency";
  case workload::idle: return "idle";
  }
  return "";
}

std::string_view guarantee_of(const options& chosen) {
  if (chosen.mqtt)
    return chosen.unreliable ? "QoS 0" : "QoS 1";
  return chosen.unreliable ? "unreliable" : "reliable";
}

std::string title(const options& chosen, std::string_view who) {
  const auto shape = chosen.what == workload::fanout
                         ? format("%zu x %zu", chosen.publishers, chosen.subscribers)
                         : format("%zu pairs", chosen.topics);
  const auto pace =
      chosen.what == workload::latency ? format(" at %zu/s", chosen.rate) : std::string{};
  return std::string{name_of(chosen.what)} +
         (who == "server" ? "" : " (" + std::string{who} + ")") + ' ' + shape + pace +
         format(", %zu B ", chosen.payload) + std::string{guarantee_of(chosen)};
}

std::string verdict(const options& chosen, const traffic_outcome& found) {
  if (!found.failure.empty())
    return "BROKEN OFF: " + found.failure;
  const auto& wrong = found.faults;
  if (!found.correct(!chosen.unreliable))
    return format("WRONG: %lu lost, %lu repeated or late, %lu out of order, %lu misdirected",
                  wrong.lost + found.missing, wrong.repeated, wrong.disordered, wrong.misdirected);
  if (!chosen.unreliable)
    return "every message once and in order";
  return format("%.2f %% arrived, none twice or late",
                100 * static_cast<double>(found.arrived) /
                    static_cast<double>(std::max<std::uint64_t>(found.expected, 1)));
}

std::string escaped(std::string_view text) {
  std::string quoted;
  for (const char letter : text)
    if (letter == '"' || letter == '\\')
      quoted += {'\\', letter};
    else
      quoted += letter < ' ' ? ' ' : letter;
  return quoted;
}

double per_connection(const idle_outcome& found, std::size_t memory_use::*which) {
  if (!found.before || !found.after || found.connections == 0)
    return 0;
  const auto grown =
      static_cast<double>((*found.after).*which) - static_cast<double>((*found.before).*which);
  return grown / static_cast<double>(found.connections);
}

} // namespace

std::string to_text(const options& chosen, std::string_view who, const traffic_outcome& found) {
  auto line = title(chosen, who) + ": " +
              grouped(static_cast<std::uint64_t>(rate(found.deliveries, found.measured))) +
              " deliveries/s (" +
              grouped(static_cast<std::uint64_t>(rate(found.published, found.measured))) +
              " published/s), ";
  if (found.server_cpu)
    line += format("server %.3f us CPU per delivery (%.2f cores), ", found.server_us_per_delivery(),
                   cores(*found.server_cpu, found.measured));
  line += format("generator %.3f us, ", per(found.own_cpu, found.deliveries));
  if (!found.latencies.empty())
    line += format("latency p50 %.0f p90 %.0f p99 %.0f max %.0f us, ",
                   percentile(found.latencies, 0.5), percentile(found.latencies, 0.9),
                   percentile(found.latencies, 0.99), percentile(found.latencies, 1));
  return line + verdict(chosen, found);
}

std::string to_json(const options& chosen, std::string_view who, const traffic_outcome& found) {
  std::string json =
      format("{\"mode\":\"%s\",\"against\":\"%s\",\"topics\":%zu,\"publishers\":%zu,"
             "\"subscribers\":%zu,\"payload\":%zu,\"window\":%zu,\"reliable\":%s,"
             "\"protocol\":\"%s\",",
             std::string{name_of(chosen.what)}.c_str(), std::string{who}.c_str(), chosen.topics,
             chosen.publishers, chosen.subscribers, chosen.payload, chosen.window,
             chosen.unreliable ? "false" : "true", chosen.mqtt ? "mqtt" : "native");
  json += format("\"seconds\":%.3f,\"deliveries\":%lu,\"deliveries_per_s\":%.0f,"
                 "\"published_per_s\":%.0f,\"generator_us_per_delivery\":%.4f,"
                 "\"deliveries_per_read\":%.1f,",
                 seconds(found.measured), found.deliveries, rate(found.deliveries, found.measured),
                 rate(found.published, found.measured), per(found.own_cpu, found.deliveries),
                 static_cast<double>(found.deliveries) /
                     static_cast<double>(std::max<std::uint64_t>(found.reads, 1)));
  if (found.server_cpu)
    json += format("\"server_us_per_delivery\":%.4f,\"server_cores\":%.3f,",
                   found.server_us_per_delivery(), cores(*found.server_cpu, found.measured));
  if (!found.latencies.empty())
    json += format("\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f},",
                   percentile(found.latencies, 0.5), percentile(found.latencies, 0.9),
                   percentile(found.latencies, 0.99), percentile(found.latencies, 1));
  json += format("\"expected\":%lu,\"arrived\":%lu,\"lost\":%lu,\"repeated\":%lu,"
                 "\"disordered\":%lu,\"misdirected\":%lu,",
                 found.expected, found.arrived, found.faults.lost + found.missing,
                 found.faults.repeated, found.faults.disordered, found.faults.misdirected);
  return json + "\"failure\":\"" + escaped(found.failure) +
         format("\",\"correct\":%s}", found.correct(!chosen.unreliable) ? "true" : "false");
}

std::string to_text(const idle_outcome& found) {
  auto line = "idle " + grouped(found.connections) + " sessions, one subscription each: " +
              grouped(static_cast<std::uint64_t>(rate(found.connections, found.connecting))) +
              " connects/s";
  if (found.server_cpu)
    line += format(", server %.1f us CPU per connect", per(*found.server_cpu, found.connections));
  if (found.before && found.after)
    line += format(", per session %.0f B resident, %.0f B proportional, %.0f B exclusive",
                   per_connection(found, &memory_use::resident),
                   per_connection(found, &memory_use::proportional),
                   per_connection(found, &memory_use::exclusive));
  return found.failure.empty() ? line : line + ", BROKEN OFF: " + found.failure;
}

std::string to_json(const idle_outcome& found) {
  std::string json = format("{\"mode\":\"idle\",\"connections\":%zu,\"connects_per_s\":%.0f,",
                            found.connections, rate(found.connections, found.connecting));
  if (found.server_cpu)
    json += format("\"server_us_per_connect\":%.2f,", per(*found.server_cpu, found.connections));
  if (found.before && found.after)
    json += format("\"rss_before\":%zu,\"rss_after\":%zu,\"rss_per_session\":%.0f,"
                   "\"pss_per_session\":%.0f,\"exclusive_per_session\":%.0f,",
                   found.before->resident, found.after->resident,
                   per_connection(found, &memory_use::resident),
                   per_connection(found, &memory_use::proportional),
                   per_connection(found, &memory_use::exclusive));
  return json + "\"failure\":\"" + escaped(found.failure) +
         format("\",\"correct\":%s}", found.failure.empty() ? "true" : "false");
}

std::string grouped(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

} // namespace kodama::apps::bench
