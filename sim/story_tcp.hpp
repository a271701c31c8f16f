#pragma once

#include "sim/trace.hpp"

#include <cstdint>
#include <string_view>

namespace kodama::sim {

/// What a TCP connection notes in the trace.
namespace tcp_kind {
inline constexpr trace_kind connecting{"tcp.connecting"};
inline constexpr trace_kind connected{"tcp.connected"};
inline constexpr trace_kind accepted{"tcp.accepted"};
inline constexpr trace_kind bytes{"tcp.bytes"};
inline constexpr trace_kind closed{"tcp.closed"};
inline constexpr trace_kind stalled{"tcp.stalled"};
} // namespace tcp_kind

/// `number`: of bytes, or a close_reason.
[[nodiscard]] telling tell_tcp(const trace_kind& kind, std::uint64_t connection,
                               std::uint64_t number, std::string_view peer);

} // namespace kodama::sim
