#include "sim/story_text.hpp"

#include <algorithm>
#include <cctype>
#include <cinttypes>
#include <cstdio>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

// Longer silences are said to be such.
constexpr duration quiet = 1s;
// Of a run of events that differ in numbers only, so many are told: the first and the last.
constexpr std::size_t run_min = 4;

std::string in_seconds(duration span, const char* format) {
  char text[48];
  std::snprintf(text, sizeof text, format, std::chrono::duration<double>(span).count());
  return text;
}

bool is_told(const story_event& event, story_detail detail) {
  return event.essential || detail == story_detail::everything;
}

/// The text with every number as one 0: equal for events that say the same of different numbers.
std::string skeleton_of(const story_event& event) {
  std::string bare;
  for (const char each : event.text) {
    if (std::isdigit(static_cast<unsigned char>(each)) == 0)
      bare += each;
    else if (bare.empty() || bare.back() != '0')
      bare += '0';
  }
  return bare;
}

bool are_alike(const story_event& a, const story_event& b) {
  return a.when == b.when && a.host == b.host && a.kind == b.kind && a.kind != "broken" &&
         skeleton_of(a) == skeleton_of(b);
}

class narrator {
public:
  narrator(const run_story& told, story_detail detail)
      : told_{told}
      , detail_{detail} {}

  void add(std::size_t event, const char* margin) {
    const auto when = told_.events[event].when;
    if (!jumped_ && when - last_ >= quiet)
      text_ += in_seconds(when - last_, "          … %.1f s\n");
    last_ = when;
    jumped_ = false;
    text_ += margin;
    text_ += line_of(told_, event, detail_ == story_detail::everything);
    text_ += '\n';
  }
  void add_line(const std::string& line) { text_ += line + '\n'; }
  /// Something is left out: the silence until the next event is none.
  void jump() {
    add_line("  ⋮");
    jumped_ = true;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  const run_story& told_;
  story_detail detail_;
  std::string text_;
  instant last_{};
  bool jumped_ = true;
};

std::vector<std::size_t> told_events(const run_story& told, story_detail detail) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i != told.events.size(); ++i)
    if (is_told(told.events[i], detail))
      all.push_back(i);
  return all;
}

} // namespace

std::string line_of(const run_story& in, std::size_t event, bool with_kind) {
  const auto& said = in.events[event];
  char head[160];
  std::snprintf(head, sizeof head, "#%-6zu %12s  %-10s ", event + 1,
                in_seconds(said.when.time_since_epoch(), "%.6f").c_str(),
                in.host_name(said.host).c_str());
  std::string line = head;
  if (with_kind) {
    std::snprintf(head, sizeof head, "%-18.*s ", static_cast<int>(said.kind.size()),
                  said.kind.data());
    line += head;
  }
  line += said.kind == "broken" ? "*** " + said.text : said.text;
  if (!said.fate.empty())
    line += " [" + said.fate + ']';
  if (!said.about("late").empty() && said.kind == "wire.arrived")
    line += " [LATE: " + std::string{said.about("took")} + ']';
  return line;
}

std::string narrate(const run_story& told, story_detail detail) {
  const auto all = told_events(told, detail);
  narrator by{told, detail};
  for (std::size_t i = 0; i != all.size();) {
    auto end = i + 1;
    while (detail == story_detail::essential && end != all.size() &&
           are_alike(told.events[all[i]], told.events[all[end]]))
      ++end;
    by.add(all[i], " ");
    if (end - i >= run_min) {
      by.add_line("          … " + std::to_string(end - i - 2) + " more like it");
      by.add(all[end - 1], " ");
    } else {
      for (++i; i != end; ++i)
        by.add(all[i], " ");
    }
    i = end;
  }
  return by.take();
}

std::string narrate(const run_story& told, story_detail detail,
                    const std::vector<std::size_t>& asked, std::size_t context) {
  // What was asked for is told even when it is not essential.
  auto lines = told_events(told, detail);
  lines.insert(lines.end(), asked.begin(), asked.end());
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  const auto is_asked = [&](std::size_t event) {
    return std::binary_search(asked.begin(), asked.end(), event);
  };
  std::vector<bool> wanted(lines.size());
  for (std::size_t i = 0; i != lines.size(); ++i)
    if (is_asked(lines[i]))
      for (auto j = i - std::min(i, context); j != std::min(i + context + 1, lines.size()); ++j)
        wanted[j] = true;
  narrator by{told, detail};
  for (std::size_t i = 0; i != lines.size(); ++i) {
    if (wanted[i])
      by.add(lines[i], is_asked(lines[i]) ? ">" : " ");
    else if (i + 1 != lines.size() && wanted[i + 1] && i != 0)
      by.jump();
  }
  return by.take();
}

std::string summarise(const run_story& told) {
  char line[160];
  std::snprintf(line, sizeof line, "trace hash %016" PRIx64 "; %zu promise%s broken\n",
                told.trace_hash, told.breaches.size(), told.breaches.size() == 1 ? "" : "s");
  std::string all = line;
  for (const auto& breach : told.breaches) {
    all += "\n" + breach.promise + " was broken (#" + std::to_string(breach.event + 1) + ")" +
           in_seconds(told.events[breach.event].when.time_since_epoch(), " at %.6f s:\n") + "  " +
           breach.text + '\n';
    if (&breach != &told.breaches.front())
      continue; // the others mostly follow from the first
    if (!breach.matters.empty())
      all += "What led to it:\n";
    for (const auto event : breach.matters)
      all += "  " + line_of(told, event) + '\n';
  }
  if (told.breaches.empty())
    return all;
  all += "\nAgain:        " + told.command + "\nIts picture:  " + told.command +
         " --html story.html\nOne thread:   " + told.command + " --around '#" +
         std::to_string(told.breaches.front().event + 1) + "'\n";
  return all;
}

} // namespace kodama::sim
