#pragma once

#include "protocol/time.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kodama::net {

/// The trouble that flaky_proxy makes. The defaults make none. Shares are in [0, 1]; a duration of
/// zero, like a size of zero, means "never" or "no limit".
struct flaky_options {
  /// TCP and UDP on the same port number; port 0 lets the system choose one that is free in both.
  boost::asio::ip::tcp::endpoint listen;
  boost::asio::ip::tcp::endpoint to;
  /// The same seed draws the same fate for the n-th connection and for the k-th datagram of the
  /// n-th UDP client, whatever the others do meanwhile.
  std::uint64_t seed = 1;

  // Both kinds of traffic, in each direction.
  duration delay{0};           ///< added to everything
  duration jitter{0};          ///< at most this much more, uniform; by itself it reorders nothing
  std::uint64_t bandwidth = 0; ///< bytes per second of one connection or UDP client

  // TCP.
  duration cut_every{0}; ///< a connection lives for 0.5 to 1.5 times this long, uniform
  /// Share of the cuts in which one of the two sides, drawn evenly, is never told: it keeps an open
  /// socket that says nothing and swallows everything. The other side is reset.
  double half_open = 0;
  duration half_open_for = std::chrono::seconds{10}; ///< then the forgotten side is reset too
  double stall = 0;                                  ///< per chunk: its direction pauses
  duration stall_for = std::chrono::milliseconds{200};
  std::size_t segment = 0; ///< bytes read and written at once, at most

  // UDP, per datagram.
  double lose = 0;
  double duplicate = 0;
  double reorder = 0; ///< held back for up to `reorder_for`, so that later ones overtake it
  duration reorder_for = std::chrono::milliseconds{20};
  std::size_t mtu = 0;      ///< bytes of payload; longer datagrams vanish, and nobody is told
  duration rebind_every{0}; ///< a client's upstream port changes after 0.5 to 1.5 times this long
  bool block_udp = false;   ///< all datagrams vanish, as behind a firewall that drops

  /// UDP clients at a time: each costs a socket. More are ignored until one has been idle.
  std::size_t mappings_max = 4096;
  duration mapping_idle_max = std::chrono::seconds{60};
};

/// Waiting bytes per direction of one connection or UDP client. A TCP sender is read no further
/// then; a datagram beyond it is dropped, as a router with a full queue does.
inline constexpr std::size_t flaky_queue_max = 256 * 1024;

} // namespace kodama::net
