#include "net/metrics.hpp"

#include "net/process_memory.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sys/resource.h>

#include <vector>

namespace kodama::net {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

constexpr std::array<const char*, 3> protocol_names{"native", "mqtt", "http"};
constexpr std::array<const char*, 5> drop_names{"slow_reader", "away", "expired", "too_large",
                                                "no_member"};
/// Seconds; the last bucket, without a bound, follows.
constexpr std::array<double, 15> bounds{0.00001, 0.000025, 0.00005, 0.0001, 0.00025,
                                        0.0005,  0.001,    0.0025,  0.005,  0.01,
                                        0.025,   0.05,     0.1,     0.25,   1};

template <class Enum>
std::size_t index_of(Enum which) {
  return static_cast<std::size_t>(which);
}

MetricFamily family(std::string_view name, std::string_view help, MetricType type) {
  return {std::string{name}, std::string{help}, type, {}};
}

void add_counter(MetricFamily& to, labels which, double value) {
  ClientMetric metric;
  metric.label = std::move(which);
  metric.counter.value = value;
  to.metric.push_back(std::move(metric));
}

void add_gauge(MetricFamily& to, labels which, double value) {
  ClientMetric metric;
  metric.label = std::move(which);
  metric.gauge.value = value;
  to.metric.push_back(std::move(metric));
}

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void add_process(std::vector<MetricFamily>& all) {
  add_gauge(all.emplace_back(family("process_resident_memory_bytes", "Memory that the server holds",
                                    MetricType::Gauge)),
            {}, static_cast<double>(resident_bytes()));
  add_counter(
      all.emplace_back(family("process_cpu_seconds_total",
                              "Processor time that the server has used", MetricType::Counter)),
      {}, processor_seconds());
}

template <class Gauges>
MetricFamily by_protocol(std::string_view name, std::string_view help, const Gauges& from,
                         std::size_t protocols) {
  auto out = family(name, help, MetricType::Gauge);
  for (std::size_t i = 0; i != protocols; ++i)
    add_gauge(out, {{"protocol", protocol_names[i]}}, static_cast<double>(from[i].load()));
  return out;
}

} // namespace

void metrics::traffic::add(actors::spoken by, mqtt::qos qos, std::size_t count, std::size_t size) {
  messages[index_of(by)][index_of(qos)].fetch_add(count, std::memory_order_relaxed);
  bytes[index_of(by)][index_of(qos)].fetch_add(size, std::memory_order_relaxed);
}

void metrics::count(named& in, std::string_view name) const {
  const std::lock_guard guard{lock_};
  const auto at = in.find(name);
  if (at == in.end())
    in.emplace(name, 1);
  else
    ++at->second;
}

void metrics::count_request(unsigned status) const {
  count(requests_, std::to_string(status));
}

// --- what happens -------------------------------------------------------------------------------

void metrics::on_connection_refused(errc reason, std::string_view peer) {
  log_observer::on_connection_refused(reason, peer);
  count(refused_, to_string(reason));
}

void metrics::on_mqtt_refused(mqtt::reason_code reason, std::string_view peer) {
  log_observer::on_mqtt_refused(reason, peer);
  count(refused_, mqtt::name_of(reason));
}

void metrics::on_mqtt_opened(client_id) {
  ++sessions_[index_of(actors::spoken::mqtt)];
}

void metrics::on_mqtt_ended(client_id client, mqtt::reason_code reason) {
  log_observer::on_mqtt_ended(client, reason);
  --sessions_[index_of(actors::spoken::mqtt)];
  if (mqtt::is_failure(reason))
    count(ended_, mqtt::name_of(reason));
}

void metrics::on_mqtt_attached(client_id client, std::string_view name,
                               mqtt::protocol_version version, bool present, actors::link_id link) {
  log_observer::on_mqtt_attached(client, name, version, present, link);
  ++attached_[index_of(actors::spoken::mqtt)];
}

void metrics::on_mqtt_detached(client_id client, mqtt::reason_code reason) {
  log_observer::on_mqtt_detached(client, reason);
  --attached_[index_of(actors::spoken::mqtt)];
  if (mqtt::is_failure(reason))
    count(ended_, mqtt::name_of(reason));
}

void metrics::on_session_opened(client_id client, const session_id& session) {
  log_observer::on_session_opened(client, session);
  ++sessions_[index_of(actors::spoken::native)];
}

void metrics::on_session_ended(client_id client, errc reason) {
  log_observer::on_session_ended(client, reason);
  --sessions_[index_of(actors::spoken::native)];
  count(ended_, to_string(reason));
}

void metrics::on_attached(client_id client, actors::link_id link, std::uint32_t keepalive_ms) {
  log_observer::on_attached(client, link, keepalive_ms);
  ++attached_[index_of(actors::spoken::native)];
}

void metrics::on_session_detached(client_id client, errc reason) {
  log_observer::on_session_detached(client, reason);
  --attached_[index_of(actors::spoken::native)];
}

void metrics::on_published(actors::spoken by, mqtt::qos qos, std::size_t count, std::size_t bytes) {
  in_.add(by, qos, count, bytes);
}

void metrics::on_delivered(actors::spoken to, mqtt::qos qos, std::size_t count, std::size_t bytes) {
  out_.add(to, qos, count, bytes);
}

void metrics::on_acknowledged(instant read_at, std::size_t count) {
  // A turn of a shard has one time for all: what comes about within it would have taken none.
  const auto took = instant{std::chrono::steady_clock::now().time_since_epoch()} - read_at;
  const auto seconds = std::chrono::duration<double>{took}.count();
  std::size_t bucket = 0;
  while (bucket != bounds.size() && seconds > bounds[bucket])
    ++bucket;
  latencies_[bucket].fetch_add(count, std::memory_order_relaxed);
  latency_nanoseconds_.fetch_add(static_cast<std::uint64_t>(took.count()) * count,
                                 std::memory_order_relaxed);
}

void metrics::on_queued(actors::spoken for_whom, std::ptrdiff_t bytes) {
  queued_[index_of(for_whom)].fetch_add(bytes, std::memory_order_relaxed);
}

void metrics::on_dropped(client_id, actors::drop why, std::size_t count) {
  dropped_[index_of(why)].fetch_add(count, std::memory_order_relaxed);
}

void metrics::on_limit_hit(client_id client, std::string_view account, std::string_view limit) {
  log_observer::on_limit_hit(client, account, limit);
  count(limits_, std::string{account} + '\n' + std::string{limit});
}

void metrics::on_topic_opened(std::string_view) {
  ++topics_;
}

void metrics::on_topic_closed(std::string_view) {
  --topics_;
}

// --- what is told -------------------------------------------------------------------------------

prometheus::MetricFamily metrics::traffic_family(std::string_view name, std::string_view help,
                                                 bool bytes) const {
  auto out = family(name, help, MetricType::Counter);
  for (const auto* from : {&in_, &out_})
    for (std::size_t protocol = 0; protocol != protocols; ++protocol)
      for (std::size_t qos = 0; qos != levels; ++qos) {
        const auto& numbers = bytes ? from->bytes : from->messages;
        add_counter(out,
                    {{"direction", from == &in_ ? "in" : "out"},
                     {"protocol", protocol_names[protocol]},
                     {"qos", std::to_string(qos)}},
                    static_cast<double>(numbers[protocol][qos].load()));
      }
  return out;
}

prometheus::MetricFamily metrics::latency_family() const {
  auto out = family("kodama_publish_seconds",
                    "From the read of a message to its place in its topic", MetricType::Histogram);
  ClientMetric metric;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i != bounds.size(); ++i) {
    sum += latencies_[i].load();
    metric.histogram.bucket.push_back({sum, bounds[i]});
  }
  metric.histogram.sample_count = sum + latencies_.back().load();
  metric.histogram.sample_sum = static_cast<double>(latency_nanoseconds_.load()) / 1e9;
  out.metric.push_back(std::move(metric));
  return out;
}

std::string metrics::text(const actors::retained_quota& retained) const {
  std::vector<MetricFamily> all;
  add_gauge(all.emplace_back(
                family("kodama_connections", "Open connections, of every kind", MetricType::Gauge)),
            {}, static_cast<double>(connections_.open.load()));
  all.push_back(by_protocol("kodama_clients", "Sessions with a connection", attached_, 2));
  all.push_back(
      by_protocol("kodama_sessions", "Sessions, with a connection or without", sessions_, 2));
  add_gauge(all.emplace_back(family("kodama_topics", "Topics in use", MetricType::Gauge)), {},
            static_cast<double>(topics_.load()));
  add_gauge(all.emplace_back(
                family("kodama_retained_messages", "What retained_max counts", MetricType::Gauge)),
            {}, static_cast<double>(retained.messages()));
  add_gauge(all.emplace_back(family("kodama_retained_bytes", "What retained_bytes_max counts",
                                    MetricType::Gauge)),
            {}, static_cast<double>(retained.bytes()));
  all.push_back(traffic_family("kodama_messages_total", "Messages published and delivered", false));
  all.push_back(traffic_family("kodama_message_bytes_total",
                               "Their bytes: topic, payload and what is forwarded besides", true));
  all.push_back(
      by_protocol("kodama_queued_bytes", "Kept for subscribers until they have it", queued_, 2));
  auto dropped =
      family("kodama_dropped_total", "Messages that went no further, and why", MetricType::Counter);
  for (std::size_t i = 0; i != drops; ++i)
    add_counter(dropped, {{"reason", drop_names[i]}}, static_cast<double>(dropped_[i].load()));
  all.push_back(std::move(dropped));
  add_counter(all.emplace_back(family("kodama_datagrams_refused_total",
                                      "Datagrams that were not authentic, or came twice",
                                      MetricType::Counter)),
              {}, static_cast<double>(datagrams_refused_.load()));
  auto handshakes = family("kodama_handshakes_failed_total",
                           "Connections that never came through their layers", MetricType::Counter);
  add_counter(handshakes, {{"layer", "proxy"}},
              static_cast<double>(connections_.proxy_headers_refused.load()));
  add_counter(handshakes, {{"layer", "tls_or_websocket"}},
              static_cast<double>(connections_.handshakes_failed.load()));
  all.push_back(std::move(handshakes));
  all.push_back(latency_family());
  const auto add_named = [&](std::string_view name, std::string_view help, const char* label,
                             const named& from) {
    auto& out = all.emplace_back(family(name, help, MetricType::Counter));
    for (const auto& [key, value] : from)
      add_counter(out, {{label, key}}, static_cast<double>(value));
  };
  const std::lock_guard guard{lock_};
  add_named("kodama_connections_refused_total", "Connections that were not let in", "reason",
            refused_);
  add_named("kodama_sessions_ended_total", "Sessions and connections that ended, and why", "reason",
            ended_);
  add_named("kodama_http_requests_total", "Requests of HTTP, by status", "status", requests_);
  auto& limits = all.emplace_back(family(
      "kodama_limits_hit_total", "What an account's plan or rules refused", MetricType::Counter));
  for (const auto& [key, value] : limits_) {
    const auto end = key.find('\n');
    add_counter(limits, {{"account", key.substr(0, end)}, {"limit", key.substr(end + 1)}},
                static_cast<double>(value));
  }
  add_process(all);
  return prometheus::TextSerializer{}.Serialize(all);
}

} // namespace kodama::net
