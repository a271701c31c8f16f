#include "net/process_memory.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace kodama::net {
namespace {

/// Held, but not in use: freed memory, and some that never was the allocator's.
std::size_t idle_bytes() {
  const auto heap = ::mallinfo2();
  const auto used = heap.uordblks + heap.hblkhd;
  const auto held = resident_bytes();
  return held > used ? held - used : 0;
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

heap_trimmer::heap_trimmer(boost::asio::io_context& io)
    : timer_{io}
    , kept_{idle_bytes()} {
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
  const auto idle = idle_bytes();
  kept_ = std::min(kept_, idle);
  if (idle < kept_ + step)
    return;
  ::malloc_trim(0);
  kept_ = idle_bytes();
}

} // namespace kodama::net
