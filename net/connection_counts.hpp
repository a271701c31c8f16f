#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kodama::net {

/// How many connections of the node are open; shared by its listeners and links.
using connection_count = std::atomic<std::size_t>;

/// What all listeners of a node count together.
struct connection_counts {
  connection_count open{0};
  std::uint64_t last_link = 0; ///< on shard 0
  std::atomic<std::uint64_t> proxy_headers_refused{0};
  std::atomic<std::uint64_t> handshakes_failed{0}; ///< TLS or WebSocket
};

} // namespace kodama::net
