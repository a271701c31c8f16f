#pragma once

#include "sim/story.hpp"

#include <chrono>
#include <string>

namespace kodama::sim {

/// Two people in one room; the second drives through a tunnel while the first publishes.
inline scenario tunnel() {
  using namespace std::chrono_literals;
  using kind = operation::kind;
  scenario what;
  what.seed = 1;
  what.users = 2;
  what.keepalive = 3s;
  what.heal_at = 8s;
  what.end_at = 42s;
  what.udp = false;
  what.operations = {{0s, 0, kind::connect},
                     {0s, 1, kind::connect},
                     {500ms, 1, kind::subscribe},
                     {1200ms, 0, kind::publish, 0, 3, 32}};
  what.strikes = {{fault_kind::black_hole, host_id{2}, 1s, 6s, 1}};
  return what;
}

/// `broken`: reported besides what the run itself reports.
inline run_story told(const scenario& what, std::vector<violation> broken = {}) {
  trace history{trace::keep::text};
  auto outcome = run(what, history);
  outcome.violations.insert(outcome.violations.end(), broken.begin(), broken.end());
  return tell_story(what, outcome, history, "kodama replay 1");
}

/// The first event of this kind whose text has `part` in it; the number of events if none has.
inline std::size_t find_event(const run_story& in, std::string_view kind,
                              std::string_view part = "") {
  std::size_t i = 0;
  while (i != in.events.size() &&
         (in.events[i].kind != kind || in.events[i].text.find(part) == std::string::npos))
    ++i;
  return i;
}

} // namespace kodama::sim
