#include "sim/story.hpp"

#include <algorithm>
#include <cctype>
#include <set>

/// Which events of a story led to a broken promise: those of the messages and sessions that its
/// text names, and the faults that struck their hosts shortly before.
namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

// The events of a resend or a takeover span a few retries and a keepalive; what was before has
// been told by its effects.
constexpr std::size_t session_events_max = 6;
constexpr std::size_t faults_max = 3;
constexpr duration fault_reach = 20s;
// One screen.
constexpr std::size_t matters_max = 30;

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::size_t end_of_number(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at]))
    ++at;
  return at;
}

/// "12#3" or "12/3" at `at`; empty where there is none.
std::string_view pair_at(std::string_view text, std::size_t at, char joint) {
  const auto middle = end_of_number(text, at);
  if (middle == at || middle == text.size() || text[middle] != joint)
    return {};
  const auto end = end_of_number(text, middle + 1);
  return end == middle + 1 ? std::string_view{} : text.substr(at, end - at);
}

void add(std::vector<fact>& facts, std::string_view name, std::string value) {
  fact made{name, std::move(value)};
  if (std::find(facts.begin(), facts.end(), made) == facts.end())
    facts.push_back(std::move(made));
}

/// "… but 7 was due": the number whose message is missing; empty where nothing is.
std::string_view number_due(std::string_view text) {
  const auto due = text.find(" was due");
  if (due == std::string_view::npos)
    return {};
  auto begin = due;
  while (begin > 0 && is_digit(text[begin - 1]))
    --begin;
  return text.substr(begin, due - begin);
}

class detective {
public:
  detective(const std::vector<story_event>& events, const std::vector<std::string>& hosts,
            std::size_t breach)
      : events_{events}
      , breach_{events[breach]}
      , last_{breach}
      , accused_{breach_.about("host")} {
    for (const auto& each : breach_.facts)
      if (each.name == "message")
        messages_.insert(each.value);
      else if (each.name == "session")
        sessions_.insert(each.value);
    find_missing();
    for (std::size_t i = 0; i != hosts.size(); ++i)
      if (hosts[i] == accused_)
        accused_host_ = host_id(i);
  }

  [[nodiscard]] std::vector<std::size_t> find() {
    for (std::size_t i = 0; i != last_; ++i)
      if (is_step_of_a_message(events_[i]))
        found_.insert(i);
    take_last(session_events_max, [&](const story_event& event) {
      return !event.about("state").empty() && event.kind != "session.attached" &&
             sessions_.contains(std::string{event.about("session")});
    });
    take_last(session_events_max, [&](const story_event& event) {
      return is_subscription(event) && sessions_.contains(std::string{event.about("session")}) &&
             (breach_.about("topic").empty() || event.about("topic") == breach_.about("topic"));
    });
    const auto can_be_to_blame = [&](const story_event& event) {
      return event.kind == "fault" && (event.host == accused_host_ || event.host == host_id{0});
    };
    const auto steps = found_;
    for (const auto i : steps)
      if (const auto& step = events_[i]; step.fate.starts_with("LOST") && step.other_end)
        take_last(1, [&](const story_event& event) {
          return can_be_to_blame(event) && event.when <= events_[*step.other_end].when;
        });
    take_last(faults_max, [&](const story_event& event) {
      return can_be_to_blame(event) && breach_.when - event.when <= fault_reach;
    });
    std::vector<std::size_t> all{found_.begin(), found_.end()};
    if (all.size() > matters_max)
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(matters_max));
    return all;
  }

private:
  static bool is_subscription(const story_event& event) {
    return event.kind == "topic.subscribed" || event.kind == "topic.unsubscribed" ||
           (event.kind == "user.learns" && event.text.find("subscribed") != std::string::npos);
  }

  static bool is_to_a_user(const story_event& event) {
    return event.kind == "user.receives" || (event.kind == "wire.sent" && event.host == host_id{0});
  }

  void find_missing() {
    const auto number = number_due(breach_.text);
    if (number.empty())
      return;
    for (std::size_t i = 0; i != last_; ++i)
      if (events_[i].kind == "topic.sequenced" && events_[i].about("number") == number &&
          events_[i].about("topic") == breach_.about("topic"))
        messages_.emplace(events_[i].about("message"));
  }

  /// What the publisher and the server did with it, and what passed between the server and the one
  /// whom the promise was made to; not what happened to the others.
  [[nodiscard]] bool is_step_of_a_message(const story_event& event) const {
    if (!messages_.contains(std::string{event.about("message")}))
      return false;
    if (event.kind == "wire.arrived" || event.kind == "wire.lost")
      return false; // its departure says so
    if (accused_.empty() || !is_to_a_user(event))
      return true;
    return event.host == accused_host_ || event.about("peer") == accused_;
  }

  template <class Predicate>
  void take_last(std::size_t most, Predicate wanted) {
    for (auto i = last_; i != 0 && most != 0; --i)
      if (wanted(events_[i - 1])) {
        found_.insert(i - 1);
        --most;
      }
  }

  const std::vector<story_event>& events_;
  const story_event& breach_;
  std::size_t last_;
  std::string_view accused_; ///< the host that the promise was made to
  host_id accused_host_{0};
  std::set<std::string, std::less<>> messages_;
  std::set<std::string, std::less<>> sessions_;
  std::set<std::size_t> found_;
};

} // namespace

std::vector<fact> facts_of(const violation& broken) {
  const std::string_view text = broken.text;
  std::vector<fact> facts;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto rest = text.substr(at);
    const bool begins_word = at == 0 || !is_digit(text[at - 1]);
    if (rest.starts_with("session ")) {
      if (const auto session = pair_at(text, at + 8, '/'); !session.empty())
        add(facts, "session", "session " + std::string{session});
    } else if (rest.starts_with("user ")) {
      if (const auto end = end_of_number(text, at + 5); end != at + 5)
        add(facts, "host", "user-" + std::string{text.substr(at + 5, end - at - 5)});
    } else if (rest.starts_with("\"topic/")) {
      if (const auto end = text.find('"', at + 1); end != std::string_view::npos)
        add(facts, "topic", std::string{text.substr(at + 1, end - at - 1)});
    } else if (rest.starts_with("mqtt ")) {
      if (const auto end = end_of_number(text, at + 5); end != at + 5)
        add(facts, "host", "mqtt-" + std::string{text.substr(at + 5, end - at - 5)});
    } else if (begins_word) {
      // Those of people with an MQTT client, and of their wills, have a word before their number.
      std::string whose;
      for (const std::string_view word : {"mqtt", "will"})
        if (text.substr(0, at).ends_with(word))
          whose = word;
      if (const auto message = pair_at(text, at, '#'); !message.empty())
        add(facts, "message", whose + std::string{message});
    }
  }
  return facts;
}

std::vector<std::size_t> events_that_matter(const std::vector<story_event>& events,
                                            const std::vector<std::string>& hosts,
                                            std::size_t breach) {
  return detective{events, hosts, breach}.find();
}

} // namespace kodama::sim
