#pragma once

#include "actors/retained_quota.hpp"
#include "net/connection_counts.hpp"
#include "net/log_observer.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace prometheus {
struct MetricFamily;
}

namespace kodama::net {

/// Counts what the node decides, for whoever asks by HTTP; writes the log as well.
///
/// What happens with every batch is one relaxed addition to an atomic number; what is rare, and
/// named by accounts, goes into a map under a lock. docs/operations.md lists the names.
class metrics final : public log_observer {
public:
  explicit metrics(const connection_counts& connections)
      : connections_{connections} {}

  /// All of it in Prometheus' text format. From any thread.
  [[nodiscard]] std::string text(const actors::retained_quota& retained) const;
  void count_request(unsigned status) const;

  // actors::observer
  void on_connection_refused(errc reason, std::string_view peer) override;
  void on_mqtt_refused(mqtt::reason_code reason, std::string_view peer) override;
  void on_mqtt_opened(client_id client) override;
  void on_mqtt_ended(client_id client, mqtt::reason_code reason) override;
  void on_mqtt_attached(client_id client, std::string_view name, mqtt::protocol_version version,
                        bool present, actors::link_id link) override;
  void on_mqtt_detached(client_id client, mqtt::reason_code reason) override;
  void on_session_opened(client_id client, const session_id& session) override;
  void on_session_ended(client_id client, errc reason) override;
  void on_attached(client_id client, actors::link_id link, std::uint32_t keepalive_ms) override;
  void on_session_detached(client_id client, errc reason) override;
  void on_published(actors::spoken by, mqtt::qos qos, std::size_t count,
                    std::size_t bytes) override;
  void on_delivered(actors::spoken to, mqtt::qos qos, std::size_t count,
                    std::size_t bytes) override;
  void on_acknowledged(instant read_at, std::size_t count) override;
  void on_queued(actors::spoken for_whom, std::ptrdiff_t bytes) override;
  void on_dropped(client_id client, actors::drop why, std::size_t count) override;
  void on_limit_hit(client_id client, std::string_view account, std::string_view limit) override;
  void on_datagram_refused() override { ++datagrams_refused_; }
  void on_topic_opened(std::string_view topic) override;
  void on_topic_closed(std::string_view topic) override;

private:
  using number = std::atomic<std::uint64_t>;
  using gauge = std::atomic<std::int64_t>;
  static constexpr std::size_t protocols = 3; ///< actors::spoken
  static constexpr std::size_t levels = 3;    ///< mqtt::qos
  static constexpr std::size_t drops = 5;     ///< actors::drop

  struct traffic {
    std::array<std::array<number, levels>, protocols> messages{};
    std::array<std::array<number, levels>, protocols> bytes{};
    void add(actors::spoken by, mqtt::qos qos, std::size_t count, std::size_t size);
  };
  using named = std::map<std::string, std::uint64_t, std::less<>>;

  void count(named& in, std::string_view name) const;
  [[nodiscard]] prometheus::MetricFamily traffic_family(std::string_view name,
                                                        std::string_view help, bool bytes) const;
  [[nodiscard]] prometheus::MetricFamily latency_family() const;

  const connection_counts& connections_;
  traffic in_;
  traffic out_;
  std::array<gauge, protocols> attached_{};
  std::array<gauge, protocols> sessions_{};
  std::array<gauge, protocols> queued_{};
  std::array<number, drops> dropped_{};
  gauge topics_{0};
  number datagrams_refused_{0};
  static constexpr std::size_t latency_bounds = 15;
  std::array<number, latency_bounds + 1> latencies_{};
  number latency_nanoseconds_{0};

  mutable std::mutex lock_;
  mutable named refused_;  ///< connections, by reason
  mutable named ended_;    ///< sessions, by reason
  mutable named limits_;   ///< by "account\nlimit"
  mutable named requests_; ///< of HTTP, by status
};

} // namespace kodama::net
