#pragma once

#include "sim/story.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::sim {

/// What a reader asks a story about: `kodama replay --around`.
class story_focus {
public:
  /// "0#12" a message, "1/7" a session, "user-3" a host, "topic/0" a topic, "#412" an event,
  /// "12.5" a moment in seconds. The error is a sentence that says so.
  [[nodiscard]] static boost::system::result<story_focus, std::string> parse(std::string_view text);

  /// The indices of the events that concern it, ascending. Empty when the story has none.
  [[nodiscard]] std::vector<std::size_t> find(const run_story& in) const;

private:
  enum class form { message, session, host, topic, event, moment };

  story_focus(form what, std::string value)
      : what_{what}
      , value_{std::move(value)} {}

  [[nodiscard]] bool concerns(const run_story& in, const story_event& event) const;
  [[nodiscard]] std::vector<std::size_t> find_chain(const run_story& in) const;
  [[nodiscard]] std::vector<std::size_t> find_moment(const run_story& in) const;
  static void add_faults(const run_story& in, std::vector<std::size_t>& found);

  form what_;
  std::string value_;
};

} // namespace kodama::sim
