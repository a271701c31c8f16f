#pragma once

#include "net/flaky_options.hpp"
#include "net/splitmix64.hpp"

#include <cstdint>

namespace kodama::net {

/// All that chance decides in a flaky_proxy, apart from any socket: what is reproducible by seed.
///
/// Every subject has a stream of its own, and every draw takes the same number of words whatever
/// the options say. So neither the other connections nor one more option change what happens to
/// the k-th datagram of a client.
enum class flaky_subject : std::uint64_t {
  connection = 1,
  chunks_up,
  chunks_down,
  datagrams_up,
  datagrams_down,
  rebinds,
};

/// `index` counts connections, or UDP clients, from 0 in the order in which they came.
[[nodiscard]] splitmix64 flaky_stream(std::uint64_t seed, flaky_subject subject,
                                      std::uint64_t index) noexcept;

struct connection_fate {
  enum class ending { reset, client_forgotten, server_forgotten };

  duration lifetime{0}; ///< zero: unlimited
  ending end = ending::reset;

  bool operator==(const connection_fate&) const = default;
};

[[nodiscard]] connection_fate draw_connection_fate(const flaky_options& options, chance& random);

struct chunk_fate {
  duration delay{0};
  duration stall{0};

  bool operator==(const chunk_fate&) const = default;
};

[[nodiscard]] chunk_fate draw_chunk_fate(const flaky_options& options, chance& random);

struct datagram_fate {
  bool lost = false;
  bool duplicated = false;
  duration delay{0};
  duration held_back{0}; ///< on top of the delay, and later ones may overtake it

  bool operator==(const datagram_fate&) const = default;
};

[[nodiscard]] datagram_fate draw_datagram_fate(const flaky_options& options, chance& random);

/// Uniform in [0.5, 1.5] times `mean`; zero stays zero.
[[nodiscard]] duration draw_around(duration mean, chance& random);

} // namespace kodama::net
