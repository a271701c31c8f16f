#pragma once

#include "protocol/address.hpp"
#include "protocol/chance.hpp"
#include "protocol/message.hpp"
#include "protocol/time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
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
/// A path that dies is noticed within detection_max(). Towards an address that is not proven the
/// server never sends more than three times what came from there (RFC 9000, 8.1).
///
/// Sans-IO: reports in by handle_*, asks out by poll_*; after each report poll_transmit() is called
/// until it is empty. It neither seals nor opens: everything it is told has been authenticated
/// before. Sizes are those of whole sealed datagrams, in bytes. Nothing here is an error.
class udp_path {
public:
  enum class role { client, server };

  struct options {
    duration probe_interval = std::chrono::seconds{5}; ///< between probes of a proven path
    duration answer_timeout_initial =
        std::chrono::milliseconds{300}; ///< before a round trip is known
    duration answer_timeout_max = std::chrono::seconds{2};
    unsigned attempts_max = 3;
    duration retry_first = std::chrono::seconds{2}; ///< pause of the client after a failure
    duration retry_max = std::chrono::seconds{60};
    /// Whole datagrams, ascending, tried from the first on; the first must pass for the path to
    /// count at all.
    std::vector<std::size_t> sizes{1200, 1400, 1452};
    /// After a larger size failed, it is left alone for this long (RFC 8899, 5.1.1).
    duration raise_interval = std::chrono::minutes{10};
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
    duration round_trip{0}; ///< smoothed as RFC 6298 does; 0 before the first sample
    std::uint64_t probes_sent = 0;
    std::uint64_t probes_answered = 0;
    /// How many probes had been sent when the newest one that proved something left, itself
    /// included; 0: none has. Where the network keeps the order, the peer has read what left before
    /// that one.
    std::uint64_t proven_to = 0;
    /// Over the last 16 decided probes at most: the share that was lost, in percent. The search
    /// for larger sizes does not count: what is lost there is lost for its length.
    unsigned loss_percent = 0;
  };

  udp_path(role ours, options chosen, chance& random);

  /// Client: begin to probe the server there.
  void handle_start(instant now, const address& server);
  /// The TCP connection is gone, and with it the key: no route, nothing to send.
  void handle_stop();
  /// An authentic datagram came from `from`, whatever is in it; to be told before its contents are.
  /// `newest`: no later-numbered one came before it. `datagram_size`: sealed, as received; it is
  /// what the server may spend on proving the address.
  void handle_datagram(instant now, const address& from, bool newest, std::size_t datagram_size);
  /// `datagram_size`: as above; an answer is never longer (no amplification).
  void handle_probe(instant now, const address& from, const message::udp_probe& probe,
                    std::size_t datagram_size);
  void handle_probe_ack(instant now, const address& from, const message::udp_probe_ack& ack);
  /// The network said that a datagram of this size is too long (EMSGSIZE).
  void handle_too_long(instant now, std::size_t datagram_size);
  /// Probes a proven path now, or once what is being probed is decided, rather than after the rest;
  /// see statistics::proven_to. Does nothing without a proven path.
  void check_now(instant now);

  [[nodiscard]] std::optional<transmission> poll_transmit();
  [[nodiscard]] std::optional<route> current_route() const;
  [[nodiscard]] statistics stats() const;

  /// never: nothing waits.
  [[nodiscard]] instant poll_timeout() const;
  void handle_timeout(instant now);

  /// How long a route may outlive the path at most, by these options.
  [[nodiscard]] static duration detection_max(const options& chosen);

private:
  // The states; the diagram is in docs/protocol.md, "The UDP path". Proven are all from `growing`
  // on.
  enum class phase {
    idle,         // no address, or (server) the last one failed: only a datagram changes that
    paused,       // client: the last attempt failed, the next is at wake_
    proving,      // probes of the first size
    growing,      // probes of the size after the proven one
    resting,      // all is well until wake_
    checking,     // probes of the proven size
    falling_back, // checking failed; a probe of the first size decides whether it was the size
  };

  struct probe {
    std::uint64_t id = 0;
    std::size_t size = 0; // an index into options::sizes
    instant at{};
    bool queued = false;  // poll_transmit() has yet to fetch it
    bool sent = false;    // it has
    bool awaited = false; // its timeout has not passed
    bool answered = false;
  };

  struct pending_ack {
    address to;
    std::uint64_t probe = 0;
  };

  [[nodiscard]] bool is_proven() const noexcept { return phase_ >= phase::growing; }
  [[nodiscard]] bool is_probing() const noexcept;
  [[nodiscard]] std::size_t size_to_probe() const noexcept;
  [[nodiscard]] duration answer_timeout() const;
  [[nodiscard]] duration until_next_check();

  void begin(instant now, phase next);
  void end_rest(instant now);
  void begin_proving(instant now);
  void send_probe(instant now);
  void probe_answered(instant now);
  void probe_unanswered(instant now);
  void grow_or_rest(instant now);
  void limit_size(instant now, std::size_t first_too_long);
  void path_failed(instant now);
  void forget_peer();
  void forget_probe();
  void measure_round_trip(duration sample);
  void decide(bool lost);
  [[nodiscard]] bool spend(std::size_t size);
  void check() const;

  role role_;
  options options_;
  chance* random_;

  phase phase_ = phase::idle;
  std::optional<address> peer_; // client: the server; server: the only candidate, proven or not
  instant wake_ = never;        // of the present phase; never: it waits for something else
  unsigned attempts_ = 0;       // probes sent in this phase without an answer
  bool check_wanted_ = false;   // by check_now(), while something else was being probed
  duration pause_{0};           // client: before the next attempt after a failure
  std::uint64_t budget_ = 0;    // server: bytes that an unproven peer may still be sent

  std::size_t size_ = 0;       // index of the proven size; 0 while there is none
  std::size_t size_limit_ = 0; // index of the first size that is known not to pass
  instant raise_at_ = never;   // when that knowledge is to be doubted
  instant last_answer_{};

  probe probe_; // the most recent one
  std::deque<pending_ack> acks_;

  duration smoothed_{0}; // 0: no sample yet
  duration variation_{0};
  std::uint64_t probes_sent_ = 0;
  std::uint64_t probes_answered_ = 0;
  std::uint64_t proven_to_ = 0;
  std::uint16_t losses_ = 0; // one bit for each of the last decided probes, the newest lowest
  unsigned decided_ = 0;     // how many of those bits mean anything
};

} // namespace kodama
