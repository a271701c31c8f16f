#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kodama {

/// What the server tells each client in CONNACK SUCCESS, so that a client need not run into it.
struct session_limits {
  std::uint32_t message_size_max = 64 * 1024; ///< bytes of one message, header included
  std::uint32_t sections_max = 32;            ///< in one message
  std::uint32_t topic_length_max = 256;       ///< bytes of a topic's name
  std::uint32_t topics_max = 1024;            ///< subscribed or watched by one session
  std::uint32_t unacknowledged_max = 4096;    ///< the client's own messages awaiting an ACK
  std::uint32_t resume_window_ms = 60'000;    ///< how long a session outlives its connection

  bool operator==(const session_limits&) const = default;
};

/// Everything that one session may cost or take, told or not.
struct session_options {
  session_limits limits;
  /// Bytes owed to one client and not yet acknowledged, their bookkeeping included. It has to
  /// cover what a fast publisher sends during one reconnect of a subscriber.
  std::size_t session_buffer_max = 16 * 1024 * 1024;
  std::chrono::milliseconds keepalive_min{1'000};
  std::chrono::milliseconds keepalive_max{120'000};
  /// How long an acknowledgement may wait for company, as TCP's delayed acknowledgement does.
  std::chrono::milliseconds ack_delay{20};
  /// An acknowledgement for this many messages waits no longer.
  std::uint32_t ack_every = 64;
};

} // namespace kodama
