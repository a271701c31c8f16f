#pragma once

#include "protocol/bytes.hpp"
#include "protocol/time.hpp"

#include <span>
#include <vector>

namespace kodama::apps::bench {

/// The generator's clock, which is also that of the stamps.
[[nodiscard]] instant now();

/// A socket's owner. Outlives its registration, and the round of poll() in which that ends.
class pollable {
public:
  virtual ~pollable() = default;
  virtual void handle_readable() = 0;
  virtual void handle_writable() = 0;
};

/// The one epoll set of the generator. Not Asio: what the generator spends it takes from the server
/// it measures, for they share the machine, and a reactor of twenty lines spends less.
class poller {
public:
  poller();
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  void add(int socket, pollable& owner, bool writable);
  /// Whether to be told when `socket` takes more; that it has something to read is always told.
  void want_writable(int socket, pollable& owner, bool yes);

  /// Waits for at most `longest`, then serves what is ready, each socket once.
  void poll(duration longest);

  /// Where reads land, for all sockets.
  [[nodiscard]] std::span<std::byte> scratch() noexcept { return scratch_; }

private:
  void control(int operation, int socket, pollable& owner, bool writable);

  int epoll_;
  bytes scratch_;
};

} // namespace kodama::apps::bench
