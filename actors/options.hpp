#pragma once

#include "protocol/limits.hpp"
#include "protocol/mqtt/session_options.hpp"
#include "protocol/time.hpp"
#include "protocol/udp_path.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kodama::actors {

/// How one node behaves. Every bound is here or in session_options, each with the reason (errc)
/// that a client is given when it is hit.
struct node_options {
  session_options session;
  mqtt::session_options mqtt;
  std::size_t connections_max = 100'000;            ///< too_many_connections
  std::size_t unauthenticated_max = 1'024;          ///< per home; too_many_unauthenticated
  std::size_t sessions_max = 100'000;               ///< live ones and those in their resume window
  std::chrono::milliseconds connect_timeout{5'000}; ///< connect_timeout
  /// Topics that a session has published to and keeps at hand without being subscribed.
  std::size_t publish_topics_max = 64;
  std::size_t retained_max = 100'000; ///< retained messages: quota_exceeded
  std::size_t retained_bytes_max = 256u * 1024 * 1024;
  /// How much the directory does about filters before others have their turn, counted in topics
  /// that it compares a filter with: a millisecond or two. And how long the others have it.
  std::int64_t filter_work_max = 20'000;
  duration filter_rest{0};
  /// With so many filters of one session under way to the directory, whatever was asked about them,
  /// no more is read of what its client says.
  std::size_t filters_under_way_max = 1'000;
  udp_path::options path;
};

} // namespace kodama::actors
