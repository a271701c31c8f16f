#pragma once

#include "protocol/address.hpp"
#include "sim/context.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// Which way a disturbance of one host works.
enum class way { both, to_host, from_host };

enum class transport_kind { tcp, udp };

/// The machines and the access link of each: how far away they are, how much passes per second,
/// and whether anything passes at all. TCP and UDP share the links, so that a full queue delays
/// both.
///
/// Knows nothing of connections and sockets. Delays of one host depend on the seed, the plan and
/// the host's name alone.
class wires {
public:
  explicit wires(const context& world)
      : world_{world} {}

  host_id add(std::string_view name);

  [[nodiscard]] std::size_t size() const noexcept { return hosts_.size(); }
  [[nodiscard]] std::string_view name(host_id host) const { return at(host).name; }
  /// What decisions about the host are keyed by: a hash of its name.
  [[nodiscard]] std::uint64_t key(host_id host) const { return at(host).key; }

  /// Where the host is at present, with the given port.
  [[nodiscard]] address where(host_id host, std::uint16_t port) const;
  /// Who has this IP address at present, if anybody.
  [[nodiscard]] std::optional<host_id> find(const address& where) const;
  /// Gives the host an address that nobody ever had.
  void move_to_new_address(host_id host);
  /// An address that nobody ever had, for a translator.
  [[nodiscard]] address unused_address(std::uint16_t port);
  /// Ports count up, so that an old one is not soon used again.
  [[nodiscard]] std::uint16_t next_port(host_id host);

  /// When `size` bytes sent now arrive; takes their share of both links' bandwidth. `draw` decides
  /// about jitter.
  [[nodiscard]] instant arrival(host_id from, host_id to, std::size_t size, std::uint64_t draw);
  /// The time a packet would have to wait in the queues of both links before it even starts.
  [[nodiscard]] duration queueing(host_id from, host_id to) const;
  /// One way without load or jitter.
  [[nodiscard]] duration distance(host_id from, host_id to) const;

  /// Disturbances nest: the host is cut off until each has been taken back.
  void block(host_id host, transport_kind what, way direction);
  void unblock(host_id host, transport_kind what, way direction);
  [[nodiscard]] bool passes(host_id from, host_id to, transport_kind what) const;

  /// From now on: nothing blocked, no jitter, no added latency, no bandwidth limit.
  void heal();
  [[nodiscard]] bool healed() const noexcept { return healed_; }

private:
  struct host {
    std::string name;
    std::uint64_t key;
    std::uint32_t ip;
    std::uint16_t last_port;
    duration distance_up;   ///< from the host to the middle of the network
    duration distance_down; ///< and back: ways differ
    duration latency;       ///< added by the fault
    std::uint64_t bandwidth = 0;
    instant up_free{};
    instant down_free{};
    unsigned blocked_in[2]{};
    unsigned blocked_out[2]{};
  };

  [[nodiscard]] const host& at(host_id host) const;
  [[nodiscard]] host& at(host_id host);

  const context& world_;
  std::vector<host> hosts_;
  std::uint32_t last_ip_ = 0;
  bool healed_ = false;
};

} // namespace kodama::sim
