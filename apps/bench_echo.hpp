#pragma once

#include <cstdint>
#include <functional>

namespace kodama::apps::bench {

/// The floor under every figure: a bare Asio echo, written as Asio's own examples are. What a
/// publisher sends comes back on the connections of its topic's subscribers; there are no messages,
/// numbers, acknowledgements or limits, and nothing is checked.
///
/// Serves loopback on one thread until the process is ended; `ready` is told the port. One
/// publisher per topic, since two would write to one socket at once.
void run_echo(const std::function<void(std::uint16_t port)>& ready);

} // namespace kodama::apps::bench
