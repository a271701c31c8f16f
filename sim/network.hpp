#pragma once

#include "sim/context.hpp"
#include "sim/story_tap.hpp"
#include "sim/tcp_network.hpp"
#include "sim/udp_network.hpp"
#include "sim/wires.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace kodama::sim {

struct network_options {
  tcp_options tcp;
  udp_options udp;
};

/// The invented network of one run: machines, TCP, UDP, and everything that goes wrong between
/// them.
///
/// The faults that have a probability happen by themselves, as the plan says; those that strike at
/// a moment are done by strike(), from the list that draw_timed_faults() made. After heal() nothing
/// goes wrong any more, but what was broken stays broken.
///
/// Everything here runs on the context's event queue; one per run. Endpoints, sockets and listeners
/// must not outlive it.
class network {
public:
  enum class role {
    client, ///< behind a translator, and on links that may block datagrams from the start
    server,
  };

  explicit network(const context& world, const network_options& chosen = {});

  /// `name` keys all decisions about the host: keep it when a scenario is edited.
  host_id add_host(std::string_view name, role what);
  [[nodiscard]] fault_target target(host_id host) const;
  /// The host's present address with this port.
  [[nodiscard]] address where(host_id host, std::uint16_t port) const {
    return links_.where(host, port);
  }
  [[nodiscard]] std::string_view name(host_id host) const { return links_.name(host); }

  void listen(host_id host, std::uint16_t port, tcp_listener& listener) {
    tcp_.listen(host, port, listener);
  }
  void stop_listening(host_id host, std::uint16_t port) { tcp_.stop_listening(host, port); }
  /// The handler learns by on_connected() or on_closed() what became of it.
  [[nodiscard]] tcp_endpoint_ptr connect(host_id from, const address& to, tcp_handler& handler) {
    return tcp_.connect(from, to, handler);
  }
  /// Port 0: any.
  [[nodiscard]] udp_socket_ptr open_udp(host_id host, std::uint16_t port, udp_handler& handler) {
    return udp_.open(host, port, handler);
  }

  /// False for the kinds that only the world can execute.
  [[nodiscard]] static bool can_strike(fault_kind kind) noexcept;
  /// Does it now, and undoes it after `lasts`. Nothing happens in a healed world.
  void strike(const timed_fault& fault);
  /// Schedules those of `faults` that can_strike(), as from now, and heal() at the plan's heal_at.
  void schedule(std::span<const timed_fault> faults);

  /// Nothing passes to or from the host for a while, as when its virtual machine is stopped.
  void isolate(host_id host, duration lasts);
  /// The machine's process dies: its sockets, connections and listeners are gone without a word to
  /// their owners. `resets`: the kernel lives and tells the peers. A machine that is off as a whole
  /// is isolated besides.
  void crash(host_id host, bool resets);

  void heal();
  [[nodiscard]] bool healed() const noexcept { return links_.healed(); }

private:
  bool execute(const timed_fault& fault);
  void cut_off(host_id host, way direction, duration lasts);
  void block_udp(host_id host, way direction, duration lasts);
  void rebind(host_id host, bool address_too, duration lasts);

  context world_;
  wires links_;
  std::optional<story_tap> tap_; ///< where a story is told
  tcp_network tcp_;
  udp_network udp_;
  std::vector<role> roles_;
  std::vector<host_id> walled_; ///< no datagram passes, whatever heals
};

} // namespace kodama::sim
