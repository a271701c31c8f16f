#pragma once

#include "protocol/result.hpp"
#include "protocol/time.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>

namespace kodama::apps::bench {

/// User and system time that a process has spent so far, all threads; empty when it is gone.
[[nodiscard]] std::optional<duration> cpu_time(pid_t process);
[[nodiscard]] duration own_cpu_time();

/// Bytes of memory, as /proc/PID/smaps_rollup counts them.
struct memory_use {
  std::size_t resident = 0;     ///< RSS: pages shared with other processes included
  std::size_t proportional = 0; ///< PSS: those divided by their sharers
  std::size_t exclusive = 0;    ///< its own alone
};
[[nodiscard]] std::optional<memory_use> memory_of(pid_t process);

/// A server that the bench started for itself, and ends: a child process, so that its costs can be
/// told from the generator's. Dies with its parent. To be started while there is one thread.
class server_process {
public:
  /// This very program's `serve`, on loopback, on a port that was free: for native clients, or for
  /// those of MQTT.
  [[nodiscard]] static result<server_process> serve(std::size_t threads, bool mqtt);
  /// The floor (apps/bench_echo.hpp).
  [[nodiscard]] static result<server_process> echo();

  server_process(server_process&& other) noexcept;
  server_process& operator=(server_process&&) = delete;
  ~server_process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& endpoint() const noexcept {
    return endpoint_;
  }

private:
  /// `child` runs in the child with the pipe on which it is to report "…=127.0.0.1:PORT\n".
  [[nodiscard]] static result<server_process> start(const std::function<void(int pipe)>& child);
  server_process(pid_t pid, std::uint16_t port);

  pid_t pid_;
  boost::asio::ip::tcp::endpoint endpoint_;
};

} // namespace kodama::apps::bench
