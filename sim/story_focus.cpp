#include "sim/story_focus.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

constexpr auto forms = "a message (0#12), a session (1/7), a host (user-3, server), "
                       "a topic (topic/0), an event (#412) or a moment in seconds (12.5)";

constexpr std::string_view digits = "0123456789";

/// No run lasts that long, and in nanoseconds it is still a number.
constexpr double seconds_max = 1e9;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of(digits) == std::string_view::npos;
}

bool are_numbers(std::string_view text, char joint) {
  const auto at = text.find(joint);
  return at != std::string_view::npos && is_number(text.substr(0, at)) &&
         is_number(text.substr(at + 1));
}

/// "0#12"; of somebody with an MQTT client "mqtt0#12", or of their will "will0#3".
bool is_message(std::string_view text) {
  for (const std::string_view kind : {"mqtt", "will"})
    if (text.starts_with(kind))
      text.remove_prefix(kind.size());
  return are_numbers(text, '#');
}

bool is_moment(std::string_view text) {
  return is_number(text) || are_numbers(text, '.');
}

bool is_host(std::string_view text) {
  for (const std::string_view kind : {"user-", "intruder-", "mqtt-"})
    if (text.starts_with(kind) && is_number(text.substr(kind.size())))
      return true;
  return text == "server";
}

} // namespace

boost::system::result<story_focus, std::string> story_focus::parse(std::string_view text) {
  const auto whole = std::string{text};
  if (text.starts_with('#') && is_number(text.substr(1)))
    return story_focus{form::event, whole.substr(1)};
  if (is_message(text))
    return story_focus{form::message, whole};
  if (text.starts_with("session ") && are_numbers(text.substr(8), '/'))
    return story_focus{form::session, whole};
  if (are_numbers(text, '/'))
    return story_focus{form::session, "session " + whole};
  if (is_host(text))
    return story_focus{form::host, whole};
  if (text.starts_with("topic/") && is_number(text.substr(6)))
    return story_focus{form::topic, whole};
  if (is_moment(text.ends_with('s') ? text.substr(0, text.size() - 1) : text))
    return story_focus{form::moment, whole};
  return '"' + whole + "\" is none of what can be asked for: " + forms;
}

std::vector<std::size_t> story_focus::find(const run_story& in) const {
  if (what_ == form::event)
    return find_chain(in);
  if (what_ == form::moment)
    return find_moment(in);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i != in.events.size(); ++i)
    if (concerns(in, in.events[i]))
      found.push_back(i);
  if (what_ == form::message || what_ == form::session)
    add_faults(in, found);
  return found;
}

bool story_focus::concerns(const run_story& in, const story_event& event) const {
  switch (what_) {
  case form::message: return event.is_about("message", value_);
  case form::session: return event.essential && event.is_about("session", value_);
  case form::topic: return event.essential && event.is_about("topic", value_);
  case form::host:
    return event.essential && (in.host_name(event.host) == value_ ||
                               event.is_about("peer", value_) || event.is_about("host", value_));
  case form::event:
  case form::moment: break;
  }
  return false;
}

/// What led to the event, and what it led to: its causes up to the first, and all whose causes it
/// is among.
std::vector<std::size_t> story_focus::find_chain(const run_story& in) const {
  std::size_t number = 0;
  std::from_chars(value_.data(), value_.data() + value_.size(), number);
  if (number == 0 || number > in.events.size())
    return {};
  std::set<std::size_t> chain{number - 1};
  if (in.events[number - 1].kind == "broken")
    for (const auto& breach : in.breaches)
      if (breach.event == number - 1)
        chain.insert(breach.matters.begin(), breach.matters.end());
  for (auto at = in.events[number - 1].cause; at; at = in.events[*at].cause)
    chain.insert(*at);
  std::set<std::size_t> effects{number - 1};
  for (auto i = number; i < in.events.size(); ++i)
    if (in.events[i].cause && effects.contains(*in.events[i].cause))
      effects.insert(i);
  chain.insert(effects.begin(), effects.end());
  return {chain.begin(), chain.end()};
}

/// All that is told of the second around it.
std::vector<std::size_t> story_focus::find_moment(const run_story& in) const {
  const auto asked = std::chrono::duration_cast<duration>(
      std::chrono::duration<double>(std::min(std::strtod(value_.c_str(), nullptr), seconds_max)));
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i != in.events.size(); ++i) {
    const auto apart = in.events[i].when.time_since_epoch() - asked;
    if (in.events[i].essential && apart <= 500ms && apart >= -500ms)
      found.push_back(i);
  }
  return found;
}

/// The faults of the hosts involved, from the first event to the last.
void story_focus::add_faults(const run_story& in, std::vector<std::size_t>& found) {
  if (found.empty())
    return;
  std::set<host_id> hosts;
  for (const auto i : found)
    hosts.insert(in.events[i].host);
  const auto first = in.events[found.front()].when;
  const auto last = in.events[found.back()].when;
  for (const auto& band : in.bands)
    if (hosts.contains(band.host) && band.from <= last && band.to >= first)
      found.push_back(band.event);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

} // namespace kodama::sim
