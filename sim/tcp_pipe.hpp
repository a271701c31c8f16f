#pragma once

#include "protocol/bytes.hpp"
#include "protocol/time.hpp"
#include "sim/timed_draws.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kodama::sim {

/// One direction of a TCP connection: a queue of bytes, of which a prefix has landed at a receiver
/// that did not read them yet, a further part is in flight in segments, and the rest waits.
///
///     | landed, unread | segment | segment | … | waiting |
///
/// A plain data structure: who calls it decides when a segment leaves and arrives. Order and
/// content can't be damaged here, only when and in which pieces bytes arrive.
class tcp_pipe {
public:
  struct options {
    std::size_t send_buffer = 64 * 1024;    ///< past this the sender is not writable
    std::size_t receive_buffer = 64 * 1024; ///< the window: in flight and unread together
    bool cut_anywhere = false;              ///< segments of any size instead of large ones
  };

  tcp_pipe(options chosen, timed_draws cuts)
      : options_{chosen}
      , cuts_{cuts} {}

  void write(byte_view data);
  /// Nothing more will be written: an end follows the last byte.
  void finish() noexcept { finished_ = true; }

  /// The size of the next segment that the window allows now; 0 for the end alone, -1 for none.
  [[nodiscard]] std::ptrdiff_t next_segment(instant now);
  /// The segment that next_segment() told has left; not before its predecessors, it arrives.
  void depart(std::size_t size, instant arrives);
  [[nodiscard]] bool in_flight() const noexcept { return first_ != segments_.size(); }
  [[nodiscard]] instant next_arrival() const { return segments_[first_].arrives; }

  struct landing {
    std::size_t size;
    bool end;
  };
  /// The first segment in flight reaches the receiver's machine.
  landing land();
  /// The receiver reads all that has landed into `to`, replacing its content.
  void read(bytes& to);
  [[nodiscard]] std::size_t unread() const noexcept { return unread_; }

  /// Whether the sender should write more, and whether it has just become so again.
  [[nodiscard]] bool writable() const noexcept { return pending() < options_.send_buffer; }
  [[nodiscard]] bool take_drained() noexcept;

  /// Everything not landed vanishes: the connection is no more.
  void lose_unlanded();
  /// Bytes written and not landed yet.
  [[nodiscard]] std::size_t pending() const noexcept { return buffer_.size() - read_ - unread_; }

private:
  struct segment {
    std::size_t size;
    instant arrives;
    bool end;
  };

  void forget_read_bytes();
  void check() const;

  options options_;
  timed_draws cuts_;
  bytes buffer_;
  std::size_t read_ = 0; ///< bytes at the front of buffer_ that are done with
  std::size_t unread_ = 0;
  std::size_t in_flight_ = 0; ///< bytes
  std::size_t next_cut_ = 0;  ///< the size drawn for the next segment; 0: not drawn
  std::vector<segment> segments_;
  std::size_t first_ = 0; ///< segments before it have landed
  bool finished_ = false;
  bool end_departed_ = false;
  bool filled_ = false; ///< was not writable since the last take_drained()
};

} // namespace kodama::sim
