#include "sim/story.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace kodama::sim {
namespace {

constexpr host_id server{0};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Keepalive, acknowledgements and probes: most of the traffic, and next to nothing of the story.
constexpr std::array<std::string_view, 7> idle_messages{
    "ACK", "PING", "PONG", "UDP PROBE", "UDP PROBE ACK", "SERVER TIME", "SERVER TIME REQUEST"};
// What is told again elsewhere, or says only that bytes moved.
constexpr std::array<std::string_view, 7> inessential_kinds{
    "tcp.bytes", "tcp.stalled", "tcp.accepted",    "udp.arrived",
    "udp.lost",  "wire.lost",   "session.attached"};
// What may be the first event at its host in its moment, and lead to the others.
constexpr std::array<std::string_view, 8> root_kinds{"wire.arrived",  "user.asks",    "user.down",
                                                     "tcp.connected", "tcp.accepted", "tcp.closed",
                                                     "fault",         "server.paused"};

bool is_essential(const story_event& event) {
  if (contains(inessential_kinds, event.kind))
    return false;
  if (event.kind == "tcp.closed")
    return !event.text.ends_with(": local");
  if (!event.kind.starts_with("wire."))
    return true;
  if (contains(idle_messages, event.about("name")))
    return false;
  return event.kind == "wire.sent" || !event.about("late").empty() ||
         !event.about("nature").empty();
}

/// "34 ms later", "2.1 s later", "at once".
std::string later(duration span) {
  const auto seconds = std::chrono::duration<double>(span).count();
  char text[32];
  if (seconds >= 1)
    std::snprintf(text, sizeof text, "%.1f s later", seconds);
  else
    std::snprintf(text, sizeof text, "%.0f ms later", seconds * 1000);
  return span == duration{0} ? "at once" : text;
}

class storyteller {
public:
  storyteller(run_story& told, const verdict& outcome, const trace& history)
      : told_{told}
      , events_{told.events} {
    collect(outcome, history);
  }

  void tell() {
    name_sessions();
    join_transmissions();
    mark_resends();
    find_causes();
    draw_bands();
    draw_bars();
    for (auto& event : events_)
      event.essential = is_essential(event);
    for (auto& breach : told_.breaches)
      breach.matters = events_that_matter(events_, told_.hosts, breach.event);
  }

private:
  void collect(const verdict& outcome, const trace& history) {
    auto next = outcome.violations.begin();
    for (const auto& each : history.records()) {
      for (; next != outcome.violations.end() && next->when < each.when; ++next)
        add(*next);
      if (!each.text.empty())
        events_.push_back({each.when, each.host, each.kind, each.text, {}, each.facts, {}, {}});
    }
    for (; next != outcome.violations.end(); ++next)
      add(*next);
  }

  void add(const violation& broken) {
    told_.breaches.push_back({std::string{broken.promise}, broken.text, events_.size(), {}});
    auto facts = facts_of(broken);
    const auto of_host = std::find_if(facts.begin(), facts.end(),
                                      [](const fact& each) { return each.name == "host"; });
    const auto host = of_host == facts.end() ? server : host_called(of_host->value);
    facts.push_back({"promise", std::string{broken.promise}});
    events_.push_back({broken.when,
                       host,
                       "broken",
                       std::string{broken.promise} + " is broken: " + broken.text,
                       {},
                       std::move(facts),
                       {},
                       {}});
  }

  [[nodiscard]] host_id host_called(std::string_view name) const {
    const auto at = std::find(told_.hosts.begin(), told_.hosts.end(), name);
    return at == told_.hosts.end() ? server : host_id(at - told_.hosts.begin());
  }

  /// A connection carries a session from CONNACK SUCCESS on, and all of it belongs to it; a
  /// datagram belongs to what its user's session is at that moment.
  void name_sessions() {
    std::uint32_t life = 0;
    std::map<std::string, std::string, std::less<>> by_connection;
    for (const auto& event : events_) {
      if (event.kind == "server.started")
        ++life;
      if (event.kind == "wire.sent" && event.about("name") == "CONNACK SUCCESS") {
        auto session = std::to_string(life) + '/' + std::string{event.about("client")};
        owners_.insert_or_assign("session " + session, host_called(event.about("peer")));
        by_connection.insert_or_assign(std::string{event.about("connection")},
                                       "session " + std::move(session));
      }
    }
    std::map<host_id, std::string> believed;
    for (auto& event : events_) {
      const auto session = event.about("session");
      if (event.kind == "user.learns" && !event.about("state").empty())
        believed[event.host] = event.about("state") == "ended" ? "" : session;
      if (!session.empty())
        continue;
      std::string found;
      if (const auto at = by_connection.find(event.about("connection")); at != by_connection.end())
        found = at->second;
      else if (event.about("way") == "UDP")
        found = believed[event.host == server ? host_called(event.about("peer")) : event.host];
      if (!found.empty())
        event.facts.push_back({"session", found});
    }
  }

  void join_transmissions() {
    std::map<std::string, std::size_t, std::less<>> departed;
    for (std::size_t i = 0; i != events_.size(); ++i) {
      auto& event = events_[i];
      const auto number = event.about("transmission");
      if (number.empty())
        continue;
      if (event.kind == "wire.sent") {
        event.fate = "still under way at the end";
        departed.emplace(number, i);
        continue;
      }
      const auto found = departed.find(number);
      KODAMA_ASSERT(found != departed.end());
      auto& departure = events_[found->second];
      departure.other_end = i;
      event.other_end = event.cause = found->second;
      const auto took = later(event.when - departure.when);
      if (event.kind == "wire.lost")
        departure.fate = "LOST " + took + ": " + std::string{event.about("why")};
      else
        departure.fate = (event.about("late").empty() ? "there " : "LATE, there ") + took;
    }
  }

  void mark_resends() {
    std::map<std::array<std::string, 4>, std::size_t> sent;
    for (auto& event : events_) {
      if (event.kind != "wire.sent" || event.about("id").empty() || event.about("way") != "TCP")
        continue;
      std::array key{std::to_string(static_cast<std::uint32_t>(event.host)),
                     std::string{event.about("session")}, std::string{event.about("name")},
                     std::string{event.about("id")}};
      if (sent[std::move(key)]++ == 0)
        continue;
      event.text.replace(0, std::string_view{"sends"}.size(), "sends again");
      event.facts.push_back({"again", "yes"});
    }
  }

  void find_causes() {
    std::map<host_id, std::size_t> roots;
    std::map<std::pair<host_id, std::string>, std::size_t> arrivals; // by message
    std::map<std::pair<host_id, std::string>, std::size_t> reasons;  // to send a message
    for (std::size_t i = 0; i != events_.size(); ++i) {
      auto& event = events_[i];
      const std::pair key{event.host, std::string{event.about("message")}};
      const auto cause_from = [&](const auto& known, const auto& of) {
        if (const auto at = known.find(of); at != known.end())
          event.cause = at->second;
      };
      if (event.kind == "broken")
        continue;
      if (const auto root = roots.find(event.host);
          root != roots.end() && events_[root->second].when == event.when && !event.cause &&
          !contains(root_kinds, event.kind))
        event.cause = root->second;
      if (!key.second.empty() && (event.kind == "user.receives" || event.kind == "topic.sequenced"))
        cause_from(arrivals, key);
      if (!key.second.empty() && event.kind == "wire.sent")
        cause_from(reasons, key);
      if (contains(root_kinds, event.kind))
        roots[event.host] = i;
      if (event.kind == "wire.arrived")
        arrivals[key] = i;
      if (event.kind == "user.publishes" || event.kind == "topic.sequenced")
        reasons[key] = i;
    }
  }

  void draw_bands() {
    std::map<std::pair<host_id, std::string>, std::size_t> open; // what is ended by an event
    const auto begin = [&](const char* label, std::size_t event) {
      open.emplace(std::pair{events_[event].host, label}, told_.bands.size());
      told_.bands.push_back({events_[event].host, label, events_[event].when, told_.end_at, event});
    };
    const auto end = [&](const char* label, std::size_t event) {
      if (const auto at = open.extract({events_[event].host, label}))
        told_.bands[at.mapped()].to = events_[event].when;
    };
    for (std::size_t i = 0; i != events_.size(); ++i) {
      const auto& event = events_[i];
      if (event.kind == "fault") {
        const auto lasts = event.about("lasts");
        auto to = event.when;
        if (!lasts.empty())
          to += std::chrono::milliseconds{std::stoll(std::string{lasts})};
        told_.bands.push_back({event.host, std::string{event.about("fault")}, event.when,
                               std::min(to, told_.end_at), i});
      } else if (event.kind == "server.killed") {
        begin("no process", i);
      } else if (event.kind == "server.started") {
        end("no process", i);
      } else if (event.kind == "user.reading") {
        event.text == "stops reading" ? begin("does not read", i) : end("does not read", i);
      } else if (event.kind == "healed") {
        heal(event.when);
      }
    }
  }

  /// Ends what the network alone did: machines stay off for as long as they were told to.
  void heal(instant when) {
    for (auto& band : told_.bands)
      if (band.label.starts_with("black_hole") || band.label.starts_with("udp_"))
        band.to = std::min(band.to, when);
  }

  void draw_bars() {
    using side = story_bar::side;
    std::map<std::pair<side, std::string>, std::size_t> open; // by side and session
    const auto change = [&](side who, const std::string& session, std::string_view state,
                            host_id user, instant when) {
      if (const auto at = open.extract({who, session}))
        told_.bars[at.mapped()].to = when;
      if (state == "ended")
        return;
      open.emplace(std::pair{who, session}, told_.bars.size());
      told_.bars.push_back({user, who, session, std::string{state}, when, told_.end_at});
    };
    for (const auto& event : events_) {
      const std::string session{event.about("session")};
      const auto state = event.about("state");
      if (event.kind == "server.killed") {
        const auto begun = open; // which change() alters
        for (const auto& [of, bar] : begun)
          if (of.first == side::server)
            change(side::server, of.second, "ended", {}, event.when);
      } else if (event.kind == "user.down" && event.text == "dies and forgets everything") {
        change(side::user, session, "ended", event.host, event.when);
      } else if (!state.empty() && !session.empty()) {
        const auto who = event.host == server ? side::server : side::user;
        const auto owner = owners_.find(session);
        if (owner != owners_.end() || who == side::user)
          change(who, session, state, who == side::user ? event.host : owner->second, event.when);
      }
    }
    // A state that is told twice, as by opening and by attaching, is one bar.
    std::erase_if(told_.bars, [](const story_bar& bar) { return bar.from == bar.to; });
  }

  run_story& told_;
  std::vector<story_event>& events_;
  std::map<std::string, host_id, std::less<>> owners_; ///< of sessions
};

} // namespace

bool story_event::is_about(std::string_view name, std::string_view value) const noexcept {
  return std::any_of(facts.begin(), facts.end(),
                     [&](const fact& each) { return each.name == name && each.value == value; });
}

std::string_view story_event::about(std::string_view name) const noexcept {
  const auto at = std::find_if(facts.begin(), facts.end(),
                               [name](const fact& each) { return each.name == name; });
  return at == facts.end() ? std::string_view{} : std::string_view{at->value};
}

run_story tell_story(const scenario& what, const verdict& outcome, const trace& history,
                     std::string command) {
  run_story told;
  told.command = std::move(command);
  told.trace_hash = outcome.trace_hash;
  told.users = what.users;
  told.heal_at = instant{what.heal_at};
  told.end_at = instant{what.end_at};
  told.hosts = history.host_names();
  storyteller{told, outcome, history}.tell();
  return told;
}

} // namespace kodama::sim
