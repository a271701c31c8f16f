#include "apps/interruption.hpp"

#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace kodama::apps {
namespace {

// What a signal handler may touch. When the first one came, in nanoseconds; 0: none has.
std::atomic<std::int64_t> first_came{0};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t now() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

void handle(int signal) {
  std::int64_t first = 0;
  if (first_came.compare_exchange_strong(first, now()) ||
      std::chrono::nanoseconds{now() - first} < interruption::same_wish)
    return;
  ::signal(signal, SIG_DFL);
  ::raise(signal); // comes when this handler returns
}

} // namespace

interruption::interruption() {
  struct sigaction action {};
  action.sa_handler = handle;
  // One at a time: the other one's handler would find ours half done.
  ::sigaddset(&action.sa_mask, SIGINT);
  ::sigaddset(&action.sa_mask, SIGTERM);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interruption::came() const noexcept {
  return first_came != 0;
}

} // namespace kodama::apps
