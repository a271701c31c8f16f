#include "apps/interruption.hpp"

#include <csignal>
#include <signal.h>

namespace kodama::apps {
namespace {

// The one thing that a signal handler may touch.
volatile std::sig_atomic_t interrupted = 0;

} // namespace

interruption::interruption() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interruption::came() const noexcept {
  return interrupted != 0;
}

} // namespace kodama::apps
