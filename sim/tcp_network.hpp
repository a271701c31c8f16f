#pragma once

#include "sim/tcp_connection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace kodama::sim {

struct tcp_options {
  std::size_t send_buffer = 64 * 1024;
  std::size_t receive_buffer = 64 * 1024;
  duration connect_timeout = std::chrono::seconds{20}; ///< the kernel's, in the absence of answers
};

/// All listeners and connections of the world. Decisions about a connection are keyed by the host
/// that made it and its number among that host's, so that one client's extra attempt does not
/// change the fate of another's.
class tcp_network final : private tcp_gate {
public:
  /// `tap`: none where no story is told.
  tcp_network(const context& world, wires& links, story_tap* tap, const tcp_options& chosen)
      : world_{world}
      , links_{links}
      , tap_{tap}
      , options_{chosen} {}

  /// `listener` must live until stop_listening() or crash().
  void listen(host_id host, std::uint16_t port, tcp_listener& listener);
  void stop_listening(host_id host, std::uint16_t port);
  [[nodiscard]] tcp_endpoint_ptr connect(host_id from, const address& to, tcp_handler& handler);

  /// Strikes every open connection of the host; false when there was none.
  bool strike(fault_kind kind, host_id host, duration lasts, std::uint64_t draw);
  /// Every connection that a black hole has stopped tries again soon: those of `host`, or all.
  void retransmit(host_id host);
  void retransmit_all();
  /// Everything of the host is gone, without a word to its owners.
  void crash(host_id host, bool resets);

private:
  [[nodiscard]] bool answers(const tcp_connection& asking) override;
  [[nodiscard]] duration accept_delay(const tcp_connection& accepted) override;
  void accept(tcp_connection& accepted) override;

  [[nodiscard]] tcp_listener* find_listener(const tcp_connection& asking) const;
  void retransmit(tcp_connection& stalled);
  template <class Function>
  void for_each_of(host_id host, Function function);

  const context& world_;
  wires& links_;
  story_tap* tap_;
  tcp_options options_;
  std::map<std::pair<host_id, std::uint16_t>, tcp_listener*> listeners_;
  std::map<host_id, std::uint64_t> connects_; ///< made so far, by host
  std::vector<std::unique_ptr<tcp_connection>> connections_;
  std::vector<tcp_connection*> live_; ///< by age; finished ones are dropped in passing
  bytes scratch_;
};

} // namespace kodama::sim
