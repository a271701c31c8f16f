#pragma once

#include "protocol/address.hpp"
#include "protocol/bytes.hpp"
#include "sim/trace.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace kodama::sim {

/// Why an end of a connection is over, as its own machine sees it.
enum class close_reason : std::uint8_t {
  local,     ///< close() or reset() was called here
  peer,      ///< the other side (or a proxy) ended it in order
  reset,     ///< cut off; bytes may be lost
  refused,   ///< nobody listens there
  timed_out, ///< no answer to the attempt to connect
};

[[nodiscard]] std::string_view to_string(close_reason reason) noexcept;

/// What the owner of an endpoint is told. All calls come out of event_queue::run_next(), never out
/// of a call to the endpoint, and never nested; in each of them the owner may call its endpoint,
/// and destroy it.
class tcp_handler {
public:
  virtual ~tcp_handler() = default;

  /// Only to the side that connects.
  virtual void on_connected() {}
  /// Valid until the call returns.
  virtual void on_bytes(byte_view data) = 0;
  /// The endpoint was not writable and has room again.
  virtual void on_drained() {}
  /// Once and last, also after close() and reset(); not after the endpoint was destroyed.
  virtual void on_closed(close_reason reason) = 0;
};

class tcp_connection;

/// One end of an invented TCP connection. Its owner holds it; destroying it closes it, as closing a
/// socket does. It must not outlive the network.
class tcp_endpoint {
public:
  tcp_endpoint(tcp_connection& connection, unsigned side)
      : connection_{connection}
      , side_{side} {}
  ~tcp_endpoint();
  tcp_endpoint(const tcp_endpoint&) = delete;
  tcp_endpoint& operator=(const tcp_endpoint&) = delete;

  /// Tells `handler` everything from now on. What arrived at an accepted endpoint before its first
  /// bind() is kept for it, within the window.
  void bind(tcp_handler& handler);

  /// Takes everything, also when not writable; forgets it once the endpoint is closed.
  void write(byte_view data);
  /// False while more than the send buffer waits: then on_drained() will come, unless the
  /// connection ends first. False once closed.
  [[nodiscard]] bool writable() const;
  /// The other side gets what was written, then the end. With unread input it is a reset instead,
  /// as RFC 1122, 4.2.2.13 wants it and Linux does it.
  void close();
  /// Drops what was written and has not arrived.
  void reset();

  /// No on_bytes() while paused: the window fills and the sender stops. Nor is the end noticed.
  void pause_reading();
  void resume_reading();

  [[nodiscard]] std::uint64_t id() const; ///< the same at both ends, never reused in a run
  [[nodiscard]] host_id host() const;
  [[nodiscard]] address local() const;
  [[nodiscard]] address peer() const;

private:
  tcp_connection& connection_;
  unsigned side_;
};

using tcp_endpoint_ptr = std::unique_ptr<tcp_endpoint>;

class tcp_listener {
public:
  virtual ~tcp_listener() = default;
  virtual void on_accept(tcp_endpoint_ptr accepted) = 0;
};

} // namespace kodama::sim
