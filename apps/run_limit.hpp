#pragma once

#include <chrono>

namespace kodama::apps {

/// While there is one, this process ends with SIGALRM when it has computed for so long, or has
/// stood still for so long. One at a time, in a process of one thread.
///
/// Neither is the time on the wall: a process that was stopped (Ctrl-Z), or that had to wait for a
/// busy machine, is none that does not end.
class run_limit {
public:
  explicit run_limit(std::chrono::milliseconds at_most);
  ~run_limit();
  run_limit(const run_limit&) = delete;
  run_limit& operator=(const run_limit&) = delete;
};

} // namespace kodama::apps
