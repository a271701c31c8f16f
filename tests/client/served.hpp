#pragma once

#include "net/server.hpp"

#include <csignal>
#include <cstdint>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace kodama::test {

/// A real server in a process of its own, on a free port of the loopback interface, for as long as
/// this lives.
class served {
public:
  explicit served(net::server_options options = {}) {
    options.port = 0;
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0)
      return;
    process_ = fork();
    if (process_ == 0) {
      const auto outcome = net::serve(options, [&](const net::listening& at) {
        if (write(pipe_ends[1], &at.port, sizeof at.port) != sizeof at.port)
          _exit(2);
      });
      _exit(outcome ? 0 : 1);
    }
    close(pipe_ends[1]);
    if (read(pipe_ends[0], &port_, sizeof port_) != sizeof port_)
      port_ = 0;
    close(pipe_ends[0]);
  }
  served(const served&) = delete;
  served& operator=(const served&) = delete;
  ~served() {
    if (process_ <= 0) // to a process of -1, kill() means everybody
      return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
  pid_t process_ = -1;
  std::uint16_t port_ = 0;
};

} // namespace kodama::test
