#pragma once

#include "protocol/address.hpp"
#include "protocol/chance.hpp"
#include "protocol/message.hpp"
#include "protocol/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace kodama {

/// Finds out whether datagrams pass between the two ends of one TCP connection, at which size, how
/// well, and when they stop; both ends run one (docs/protocol.md, "The UDP path").
///
/// Each end proves the path for what it sends itself: it sends a UDP PROBE padded to the size in
/// question, and only an authentic UDP PROBE ACK from the address that was probed proves that this
/// size arrives there and that answers come back. The client starts; the server begins to probe
/// when an authentic datagram shows it the client's address. A proven path is probed on; after
/// `attempts_max` probes in a row without an answer it is dead, and the client tries again with
/// growing pauses. An authentic datagram from a new address (NAT rebinding) makes the server prove
/// that address from the beginning; until then there is no route.
///
/// Sans-IO: reports in by handle_*, asks out by poll_*. It neither seals nor opens: everything it
/// is told has been authenticated before.
class udp_path {
public:
  enum class role { client, server };

  struct options {
    duration probe_interval = std::chrono::seconds{5};         ///< between probes of a proven path
    duration answer_timeout_initial = std::chrono::milliseconds{300}; ///< before a round trip is known
    duration answer_timeout_max = std::chrono::seconds{2};
    unsigned attempts_max = 3;
    duration retry_first = std::chrono::seconds{2};            ///< pause of the client after a failure
    duration retry_max = std::chrono::seconds{60};
    /// Whole datagrams, tried from the first on; the first must pass for the path to count at all.
    std::vector<std::size_t> sizes{1200, 1400, 1452};
  };

  /// What the session may use: send here, in datagrams of at most this size (sealed, all told).
  struct route {
    address to;
    std::size_t datagram_size_max = 0;

    bool operator==(const route&) const = default;
  };

  struct transmission {
    address to;
    std::variant<message::udp_probe, message::udp_probe_ack> what;
    /// The sealed datagram is to be padded up to this size; 0: as short as it is.
    std::size_t datagram_size = 0;
  };

  struct statistics {
    duration round_trip{0};      ///< smoothed as RFC 6298 does; 0 before the first sample
    std::uint64_t probes_sent = 0;
    std::uint64_t probes_answered = 0;
    /// Over the last 16 decided probes at most: the share that was lost, in percent.
    unsigned loss_percent = 0;
  };

  udp_path(role ours, options chosen, chance& random);

  /// Client: begin to probe the server there.
  void handle_start(instant now, const address& server);
  /// The TCP connection is gone, and with it the key: no route, nothing to send.
  void handle_stop();
  /// An authentic datagram came from `from`. `newest`: no later-numbered one came before it.
  void handle_datagram(instant now, const address& from, bool newest);
  /// `datagram_size`: the sealed size as received; an answer is never longer (no amplification).
  void handle_probe(instant now, const address& from, const message::udp_probe& probe,
                    std::size_t datagram_size);
  void handle_probe_ack(instant now, const address& from, const message::udp_probe_ack& ack);
  /// The network said that a datagram of this size is too long (EMSGSIZE).
  void handle_too_long(instant now, std::size_t datagram_size);

  [[nodiscard]] std::optional<transmission> poll_transmit();
  [[nodiscard]] std::optional<route> current_route() const;
  [[nodiscard]] statistics stats() const;

  [[nodiscard]] instant poll_timeout() const;
  void handle_timeout(instant now);

private:
  // The implementation's own business.
};

} // namespace kodama
