#pragma once

#include "apps/units.hpp"
#include "protocol/time.hpp"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

namespace kodama::apps::bench {

enum class workload { fanout, pairs, latency, idle };

/// What one run of `kodama bench` is to do. Everything is bounded by bench.cpp before it gets here.
struct options {
  workload what = workload::fanout;
  std::size_t topics = 1;      ///< independent of each other
  std::size_t publishers = 1;  ///< of each topic
  std::size_t subscribers = 1; ///< of each topic
  std::size_t payload = 64;    ///< bytes of content
  std::size_t window = 256;    ///< messages that a publisher may be ahead
  std::size_t rate = 5'000;    ///< messages per second over all publishers (latency)
  bool unreliable = false;     ///< with MQTT: QoS 0
  bool mqtt = false;           ///< 3.1.1 in the place of the native protocol
  bool sleeping = false; ///< between paced messages; otherwise the generator keeps a core busy
  duration measured{std::chrono::seconds{2}};
  duration warmup{std::chrono::milliseconds{400}};

  std::size_t connections = 10'000;         ///< (idle)
  duration settle{std::chrono::seconds{1}}; ///< before memory is read (idle)

  std::optional<host_port> connect; ///< absent: a server of our own
  std::string token;
  pid_t server_pid = 0; ///< whose CPU and memory is measured; 0: nobody's
  std::size_t server_threads = 1;
  bool against_echo = false; ///< the floor in the same run
  bool echo_only = false;
  std::size_t rounds = 3; ///< of server and floor in turns (against_echo)
  bool json = false;
};

} // namespace kodama::apps::bench
