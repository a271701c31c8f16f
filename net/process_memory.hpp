#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>

namespace kodama::net {

/// What the process holds, as the kernel counts it.
[[nodiscard]] std::size_t resident_bytes();

/// Memory of the process, in bytes.
struct heap_state {
  std::size_t used = 0;
  std::size_t idle = 0; ///< held, but not in use
};

/// When it is worth the while to have the allocator let go of what is idle.
///
/// When that has grown by more than `step`. What could not be let go, since something in use lies
/// on the same pages, is not asked for again until that may have changed: when what is in use has
/// fallen by a 64th of it. That is less than it takes to hold so many pages. So a server whose
/// memory is in steady use is left alone.
class trim_rule {
public:
  static constexpr std::size_t step = std::size_t{8} << 20U;

  explicit trim_rule(const heap_state& first)
      : last_{first} {}

  [[nodiscard]] bool is_due(const heap_state& now) noexcept;
  /// `now`: what the trim has left.
  void trimmed(const heap_state& now) noexcept { last_ = now; }

private:
  heap_state last_; ///< at the last trim; idle: the least since then
};

/// Gives freed memory back to the system, once a second where it is worth the while.
///
/// Left to itself, glibc does both too little and too much. What is freed in the midst of its heap
/// it keeps, and after a flood that may be hundreds of megabytes. What is freed at the heap's end
/// it returns at once, so that a server which takes and frees a batch each turn pays the kernel for
/// the same pages again and again.
class heap_trimmer {
public:
  /// From here on, glibc returns nothing of its main heap unasked. Blocks of `mapped_from` bytes
  /// and more still come from the system and go back to it one by one.
  explicit heap_trimmer(boost::asio::io_context& io);

private:
  static constexpr int mapped_from = 4 << 20;

  void wait();
  void look();

  boost::asio::steady_timer timer_;
  trim_rule rule_;
};

} // namespace kodama::net
