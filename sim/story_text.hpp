#pragma once

#include "sim/story.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kodama::sim {

/// "#412     5.072334  user-1      learns that its connection is lost": one event as a line,
/// without its end.
[[nodiscard]] std::string line_of(const run_story& in, std::size_t event, bool with_kind = false);

enum class story_detail {
  essential,  ///< without keepalive, acknowledgements and what only says that bytes moved
  everything, ///< also the kind of each event
};

/// The whole story, violations at their places. Runs of events that differ in their numbers alone
/// are folded unless everything is asked for.
[[nodiscard]] std::string narrate(const run_story& told, story_detail detail);

/// Only these events (ascending indices) and `context` told ones before and after each run of
/// them. A '>' marks what was asked for.
[[nodiscard]] std::string narrate(const run_story& told, story_detail detail,
                                  const std::vector<std::size_t>& asked, std::size_t context);

/// How it ended: which promise was broken, what contradicts what, the events that led to it, and
/// how to see it again.
[[nodiscard]] std::string summarise(const run_story& told);

} // namespace kodama::sim
