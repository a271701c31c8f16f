#include "net/process_memory.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace kodama::net {
namespace {

/// What is idle has been freed, or never was the allocator's.
heap_state look_at_heap() {
  const auto heap = ::mallinfo2();
  const auto used = heap.uordblks + heap.hblkhd;
  const auto held = resident_bytes();
  return {used, held > used ? held - used : 0};
}

} // namespace

std::size_t resident_bytes() {
  unsigned long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %lu", &pages) != 1)
      pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

bool trim_rule::is_due(const heap_state& now) noexcept {
  last_.idle = std::min(last_.idle, now.idle);
  const bool has_grown = now.idle >= last_.idle + step;
  const bool has_come_loose = last_.idle >= step && now.used + last_.idle / 64 <= last_.used;
  return has_grown || has_come_loose;
}

heap_trimmer::heap_trimmer(boost::asio::io_context& io)
    : timer_{io}
    , rule_{look_at_heap()} {
  ::mallopt(M_TRIM_THRESHOLD, -1); // never (mallopt(3))
  ::mallopt(M_MMAP_THRESHOLD, mapped_from);
  wait();
}

void heap_trimmer::wait() {
  timer_.expires_after(std::chrono::seconds{1});
  timer_.async_wait([this](auto cancelled) {
    if (cancelled)
      return;
    look();
    wait();
  });
}

void heap_trimmer::look() {
  if (!rule_.is_due(look_at_heap()))
    return;
  ::malloc_trim(0);
  rule_.trimmed(look_at_heap());
}

} // namespace kodama::net
