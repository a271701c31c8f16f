#pragma once

#include "protocol/mqtt/error.hpp"
#include "protocol/mqtt/fixed_header.hpp"
#include "protocol/mqtt/packet.hpp"

namespace kodama::mqtt {

/// CONNECT (3.1), which brings its own version.
[[nodiscard]] outcome<void> decode_connect(const fixed_header& header, byte_view body, packet& to);

} // namespace kodama::mqtt
