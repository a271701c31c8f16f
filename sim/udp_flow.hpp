#pragma once

#include "protocol/bytes.hpp"
#include "protocol/time.hpp"
#include "sim/context.hpp"
#include "sim/timed_draws.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kodama::sim {

/// The fate of each datagram from one host to another. Decisions are keyed by the datagram's number
/// in its stretch of time, one site each: switching a fault off changes no decision about the
/// others.
class udp_flow {
public:
  /// `key`: of the pair of hosts, in this direction.
  udp_flow(const context& world, std::uint64_t key);

  /// Begins with the next datagram; the calls below are about it.
  void advance() noexcept { current_ = numbers_.next(world_.queue.now()); }

  [[nodiscard]] bool is_lost();
  [[nodiscard]] bool is_duplicated();
  [[nodiscard]] bool exceeds_mtu(std::size_t size);
  /// The same, and no fault is counted: what the way is like when all has healed.
  [[nodiscard]] bool is_too_narrow(std::size_t size) const;
  /// For wires::arrival(); `copy` tells a duplicate from the original.
  [[nodiscard]] std::uint64_t jitter(unsigned copy) const;
  /// Added to the arrival of one copy.
  [[nodiscard]] duration extra_delay(unsigned copy);

  /// What someone on the path sees leave, and what arrives.
  void remember(byte_view data);
  void handle_arrived(byte_view data);
  /// An old datagram that comes again now.
  [[nodiscard]] std::optional<byte_view> replayed();
  /// One that never was sent, but begins like the last one.
  [[nodiscard]] std::optional<bytes> forged();
  /// Does the attacker sit on the way, and is faster than the original?
  [[nodiscard]] bool forges_ahead() const;
  /// Does the attacker use the sender's address, and how long after the original does it send?
  [[nodiscard]] bool spoofs_sender() const;
  [[nodiscard]] duration attack_delay() const;

private:
  [[nodiscard]] bool happens(const decision_stream& site, probability odds, fault_kind kind,
                             std::uint64_t ordinal);

  const context& world_;
  timed_numbers numbers_;
  std::uint64_t current_ = 0; ///< the latest datagram's number
  bool narrow_;               ///< this way has the plan's mtu
  decision_stream losses_;
  decision_stream duplications_;
  decision_stream jitters_;
  decision_stream reorderings_;
  decision_stream delays_;
  decision_stream replays_;
  decision_stream forgeries_;
  decision_stream fast_forgeries_;
  decision_stream attacks_;
  // Only kept while someone attacks.
  bytes latest_;
  std::uint64_t arrived_count_ = 0;
  std::vector<bytes> arrived_; ///< ring of the latest
};

} // namespace kodama::sim
