#pragma once

#include "sim/scenario.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// One line of a story. Its number is its place, counted from 1, whatever of the story is printed.
struct story_event {
  instant when{};
  host_id host{};
  std::string_view kind; ///< "user.receives"; "broken" for a promise
  std::string text;
  std::string fate; ///< of a departure: what became of it
  std::vector<fact> facts;
  std::optional<std::size_t> cause; ///< the index of the event that led to this one
  /// Of a departure: where it arrived or was lost; and back. An index.
  std::optional<std::size_t> other_end;
  bool essential = true; ///< told without being asked for everything

  /// Whether it is about this, among other things.
  [[nodiscard]] bool is_about(std::string_view name, std::string_view value) const noexcept;
  /// The first such fact; empty where there is none.
  [[nodiscard]] std::string_view about(std::string_view name) const noexcept;
};

/// Something was wrong with a host from then to then.
struct story_band {
  host_id host{};
  std::string label;
  instant from{};
  instant to{};
  std::size_t event = 0; ///< index
};

/// What one side believed of a session: attached, detached or ended.
struct story_bar {
  enum class side { user, server };

  host_id user{}; ///< whose session it is, whoever believes it
  side who{};
  std::string session;
  std::string state;
  instant from{};
  instant to{};
};

/// A broken promise.
struct story_breach {
  std::string promise;
  std::string text; ///< what contradicts what
  std::size_t event = 0;
  std::vector<std::size_t> matters; ///< indices of the events that led to it, ascending
};

/// A run as a person reads it, made from a trace that kept its texts.
///
/// All members are plain data, in the order of virtual time; the events of one moment are in the
/// order in which they happened, so that causes stand before what they caused.
struct run_story {
  std::string command; ///< which tells it again
  std::uint64_t trace_hash = 0;
  std::uint32_t users = 0;
  instant heal_at{};
  instant end_at{};
  std::vector<std::string> hosts; ///< by host_id
  std::vector<story_event> events;
  std::vector<story_band> bands;
  std::vector<story_bar> bars;
  std::vector<story_breach> breaches;

  [[nodiscard]] const std::string& host_name(host_id host) const {
    return hosts[static_cast<std::size_t>(host)];
  }
};

/// `command`: which told the story, for the reader to repeat.
[[nodiscard]] run_story tell_story(const scenario& what, const verdict& outcome,
                                   const trace& history, std::string command);

/// The names in a violation's text as facts: message, session, topic, host.
[[nodiscard]] std::vector<fact> facts_of(const violation& broken);
/// Which events before `breach` (an index) led to it.
[[nodiscard]] std::vector<std::size_t> events_that_matter(const std::vector<story_event>& events,
                                                          const std::vector<std::string>& hosts,
                                                          std::size_t breach);

} // namespace kodama::sim
