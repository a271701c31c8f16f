#include "apps/run_limit.hpp"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

namespace kodama::apps {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds tick{100};

/// Less than that within a tick is our own handler's: the run stands still.
constexpr std::chrono::microseconds moved_min{100};

// The handler's. Nobody else reads or writes it while the timer is on.
struct {
  nanoseconds at_most{};
  nanoseconds began{}; // in time of the processor, as all of them
  nanoseconds last_ticked{};
  std::int64_t still = 0; // ticks in a row
} run;

nanoseconds computed() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

// Ticks do not pile up while the process is stopped: it finds one when it goes on.
void handle(int) {
  const auto now = computed();
  run.still = now - run.last_ticked < moved_min ? run.still + 1 : 0;
  run.last_ticked = now;
  if (now - run.began < run.at_most && run.still * tick < run.at_most)
    return;
  ::signal(SIGALRM, SIG_DFL);
  ::raise(SIGALRM); // comes when this handler returns
}

void set_timer(std::chrono::microseconds interval) {
  const timeval each{0, static_cast<suseconds_t>(interval.count())};
  const itimerval wanted{each, each};
  ::setitimer(ITIMER_REAL, &wanted, nullptr);
}

} // namespace

run_limit::run_limit(std::chrono::milliseconds at_most) {
  const auto now = computed();
  run = {at_most, now, now, 0};
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  set_timer(tick);
}

run_limit::~run_limit() {
  set_timer(std::chrono::microseconds{0});
}

} // namespace kodama::apps
