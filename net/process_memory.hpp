#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>

namespace kodama::net {

/// What the process holds, as the kernel counts it.
[[nodiscard]] std::size_t resident_bytes();

/// Gives freed memory back to the system.
///
/// glibc keeps what is freed in the midst of its heap, and after a flood that may be hundreds of
/// megabytes. Once a second this compares what the process holds with what is in use, and where
/// the difference has grown by more than `step`, has the allocator let go. What cannot be let go
/// is not asked for again, so a server whose memory is in steady use is left alone.
class heap_trimmer {
public:
  static constexpr std::size_t step = std::size_t{8} << 20U;

  explicit heap_trimmer(boost::asio::io_context& io);

private:
  void wait();
  void look();

  boost::asio::steady_timer timer_;
  std::size_t kept_ = 0; ///< the smallest difference since the last trim
};

} // namespace kodama::net
