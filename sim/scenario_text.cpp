#include "protocol/limits.hpp"
#include "protocol/topic_name.hpp"
#include "sim/fault_text.hpp"
#include "sim/line_reader.hpp"
#include "sim/mqtt_text.hpp"
#include "sim/scenario.hpp"

#include <algorithm>

/// The text of a scenario, one fact a line; its reference is docs/simulation.md, "Scenario files".
namespace kodama::sim {
namespace {

constexpr std::string_view first_line = "kodama scenario 1";

using namespace std::chrono_literals;

constexpr number_range any;
/// Each user is a whole client library: a mistyped number should be refused, not run.
constexpr number_range users_range{.most = 10'000};
/// More would be as good as a uniform choice.
constexpr number_range changes_range{.most = 1'000};
/// MQTT 5.0, 3.1.2.11.3.
constexpr number_range receive_maximum_range{1, 65'535};
/// More than a session holds of what has yet to be answered, or has run into its limit by then.
constexpr number_range count_range{.most = 10'000};
/// Sixteen times what the server takes: enough to be refused, and no packet that MQTT cannot have.
constexpr number_range size_range{.most = 1024 * 1024};

/// The plain numbers of a scenario by name, with what they may be: one table for writing and
/// reading.
template <class Scenario, class Visitor>
void for_each_number(Scenario& what, Visitor&& visit) {
  visit("seed", what.seed, any);
  visit("users", what.users, users_range);
  visit("intruders", what.intruders, users_range);
  visit("topics", what.topics, any);
  visit("canary", what.canary, any);
  visit("unacknowledged_max", what.unacknowledged_max, any);
  visit("topics_max", what.topics_max, any);
  visit("session_buffer_max", what.session_buffer_max, any);
  visit("publish_topics_max", what.publish_topics_max, any);
  visit("filter_work", what.filter_work, any);
  visit("filters_under_way", what.filters_under_way, number_range{.least = 1});
  visit("mqtt_receive_maximum", what.mqtt_receive_maximum, receive_maximum_range);
}

/// A duration that a message carries has the units and the size that it has there: the checkers
/// would go by another one than server and clients.
struct duration_range {
  duration unit{1};
  duration most = duration::max();
};
/// In CONNACK: milliseconds, of 32 bits.
constexpr duration_range resume_window_range{1ms, 4'294'967s};
/// In CONNECT: milliseconds, and of an MQTT client seconds of 16 bits.
constexpr duration_range keepalive_range{1ms, 65'535s};

template <class Scenario, class Visitor>
void for_each_duration(Scenario& what, Visitor&& visit) {
  visit("resume_window", what.resume_window, resume_window_range);
  visit("keepalive", what.keepalive, keepalive_range);
  visit("filter_rest", what.filter_rest, duration_range{});
  visit("heal_at", what.heal_at, duration_range{});
  visit("end_at", what.end_at, duration_range{});
}

bool read_duration(line_reader& in, duration& to, const duration_range& allowed) {
  return in.time(to) && ((to % allowed.unit == 0ns && to <= allowed.most) ||
                         in.fail("whole milliseconds, at most " + show(allowed.most)));
}

template <class Enum, std::size_t Count>
bool read_name(line_reader& in, Enum& to, std::string_view what) {
  const auto name = in.word();
  for (std::size_t i = 0; i != Count; ++i)
    if (to_string(static_cast<Enum>(i)) == name) {
      to = static_cast<Enum>(i);
      return true;
    }
  return in.fail(what);
}

constexpr std::size_t operation_count = static_cast<std::size_t>(operation::kind::ping) + 1;

bool read_host(line_reader& in, host_id& to) {
  const auto what = in.word();
  std::uint32_t number = 0;
  if (what == "server")
    to = host_id{0};
  else if (what == "user" && in.number(number, person_numbers))
    to = host_of(number);
  else if (what == "mqtt" && in.number(number, person_numbers))
    to = host_of(mqtt_user_base + number);
  else if (what == "host" && in.number(number, person_numbers))
    to = host_id{number};
  else
    return in.fail("\"server\", or \"user\" or \"mqtt\" and its number");
  return true;
}

/// Whom the kind strikes, as it is written.
std::string hosts_of(fault_kind kind) {
  const bool server = may_strike(kind, host_id{0});
  const bool users = may_strike(kind, host_of(0));
  const bool people = may_strike(kind, host_of(mqtt_user_base));
  std::string text = server ? "\"server\"" : "";
  if (users)
    text += std::string{server ? ", or " : ""} + "\"user\"" + (people ? " or \"mqtt\"" : "") +
            " and its number";
  return text + ": " + std::string{to_string(kind)} + " strikes nobody else";
}

bool read_strike(line_reader& in, scenario& to) {
  timed_fault read{};
  if (!in.time(read.at) ||
      !read_name<fault_kind, fault_kind_count>(in, read.kind, "a kind of fault"))
    return false;
  if (!is_spell(read.kind))
    return in.fail("a fault that strikes (this one is a `chance`)");
  const auto at_host = in;
  if (!read_host(in, read.host))
    return false;
  if (!may_strike(read.kind, read.host)) {
    in = at_host;
    in.word(); // to be pointed at
    return in.fail(hosts_of(read.kind));
  }
  if (in.ahead() == "for" && !(in.word("for") && in.time(read.lasts)))
    return false;
  if (in.ahead() == "draw" && !(in.word("draw") && in.number(read.draw)))
    return false;
  to.strikes.push_back(read);
  return in.end();
}

/// Of somebody with the native client.
bool read_filter(line_reader& in, operation& to) {
  if (in.ahead() != "name")
    return true;
  in.word();
  if (to.what != operation::kind::subscribe && to.what != operation::kind::unsubscribe)
    return in.fail("nothing more: only `subscribe` and `unsubscribe` of a user have a name");
  to.name = take_name(in);
  return check_topic_filter(to.name, session_limits{}.topic_length_max) ||
         in.fail("a topic, or a filter with + and * (for #)");
}

bool read_operation(line_reader& in, scenario& to) {
  operation read;
  if (!in.time(read.at) || !read_person(in, read.user) ||
      !read_name<operation::kind, operation_count>(in, read.what, "an operation"))
    return false;
  const auto read_detail = [&](std::string_view name, std::uint32_t& value,
                               const number_range& allowed) {
    return in.ahead() != name || (in.word(name) && in.number(value, allowed));
  };
  to.operations.push_back(read);
  auto& made = to.operations.back();
  return read_detail("topic", made.topic, any) && read_detail("count", made.count, count_range) &&
         read_detail("size", made.size, size_range) &&
         (made.user < mqtt_user_base ? read_filter(in, made) : read_mqtt_details(in, made)) &&
         in.end();
}

bool read_chance(line_reader& in, scenario& to) {
  // Strikes are what happens. A plan beside them could only contradict them, or do nothing.
  for (std::size_t i = 0; i != fault_kind_count; ++i)
    if (const auto kind = static_cast<fault_kind>(i);
        is_spell(kind) && in.ahead() == to_string(kind)) {
      in.word();
      return in.fail("a fault by chance (this one strikes: write `strike` lines)");
    }
  return read_fault(in, to.plan) && in.end();
}

bool read_line(line_reader& in, scenario& to) {
  const auto key = in.word();
  if (key.empty())
    return true;
  if (key == "strike")
    return read_strike(in, to);
  if (key == "do")
    return read_operation(in, to);
  if (key == "mqtt")
    return read_mqtt_person(in, to);
  if (key == "chance")
    return read_chance(in, to);
  if (key == "udp") {
    const auto word = in.word();
    to.udp = word == "yes";
    return (word == "yes" || word == "no" || in.fail("yes or no")) && in.end();
  }
  if (key == "schedule") {
    const auto word = in.word();
    if (word == "uniform") {
      to.change_points.reset();
      return in.end();
    }
    std::uint32_t changes = 0;
    if (word != "priorities")
      return in.fail("uniform, or priorities and their number of changes");
    if (!in.number(changes, changes_range))
      return false;
    to.change_points = changes;
    return in.end();
  }
  bool known = false;
  bool read = false;
  for_each_number(to, [&](std::string_view name, auto& number, const number_range& allowed) {
    if (name == key) {
      known = true;
      read = in.number(number, allowed);
    }
  });
  for_each_duration(to, [&](std::string_view name, duration& d, const duration_range& allowed) {
    if (name == key) {
      known = true;
      read = read_duration(in, d, allowed);
    }
  });
  if (!known)
    return in.fail("a fact of a scenario (docs/simulation.md lists them)");
  return read && in.end();
}

std::string text_of(host_id host) {
  return host == host_id{0} ? "server" : text_of_person(user_of(host));
}

std::string text_of(const timed_fault& each) {
  auto text = "strike " + show(each.at) + ' ' + std::string{to_string(each.kind)} + ' ' +
              text_of(each.host);
  if (each.lasts != duration{0})
    text += " for " + show(each.lasts);
  if (each.draw != 0)
    text += " draw " + std::to_string(each.draw);
  return text + '\n';
}

std::string text_of(const operation& each) {
  auto text = "do " + show(each.at) + ' ' + text_of_person(each.user) + ' ' +
              std::string{to_string(each.what)};
  if (each.topic != 0 || (has_topic(each.what) && each.name.empty()))
    text += " topic " + std::to_string(each.topic);
  if (each.count != 1)
    text += " count " + std::to_string(each.count);
  if (each.size != 0)
    text += " size " + std::to_string(each.size);
  if (!each.name.empty())
    text += " name " + name_text(each.name);
  if (each.user >= mqtt_user_base)
    text += mqtt_details_text(each);
  return text + '\n';
}

/// Strikes and operations as they follow each other. In the same moment operations come first, as
/// in the run.
std::string timeline_of(const scenario& what) {
  std::string text;
  auto strike = what.strikes.begin();
  for (const auto& each : what.operations) {
    for (; strike != what.strikes.end() && strike->at < each.at; ++strike)
      text += text_of(*strike);
    text += text_of(each);
  }
  for (; strike != what.strikes.end(); ++strike)
    text += text_of(*strike);
  return text;
}

} // namespace

std::string to_text(const scenario& what, std::string_view comment) {
  auto text = std::string{first_line} + '\n';
  while (!comment.empty()) {
    const auto line = comment.substr(0, comment.find('\n'));
    comment.remove_prefix(std::min(line.size() + 1, comment.size()));
    text += "# " + std::string{line} + '\n';
  }
  text += '\n';
  const scenario defaults;
  std::string facts;
  const auto write = [&](std::string_view name, const std::string& value, bool is_default) {
    if (!is_default || name == "users" || name == "seed")
      facts += std::string{name} + ' ' + value + '\n';
  };
  for_each_number(what, [&](std::string_view name, auto number, const auto&) {
    for_each_number(defaults, [&](std::string_view each, auto usual, const auto&) {
      if (each == name)
        write(name, std::to_string(number), number == usual);
    });
  });
  if (!what.udp)
    facts += "udp no\n";
  if (what.change_points)
    facts += "schedule priorities " + std::to_string(*what.change_points) + '\n';
  const auto usual_end = what.end_needed();
  for_each_duration(what, [&](std::string_view name, duration d, const auto&) {
    for_each_duration(defaults, [&](std::string_view each, duration usual, const auto&) {
      if (each == name)
        write(name, show(d), name == "end_at" ? d == usual_end : d == usual);
    });
  });
  text += facts;
  text += mqtt_people_text(what);
  if (const auto chances = faults_text(what.plan, "chance ", false); !chances.empty())
    text += "\n# What goes wrong by chance, before heal_at.\n" + chances;
  if (const auto timeline = timeline_of(what); !timeline.empty())
    text += "\n# What happens when.\n" + timeline;
  return text;
}

boost::system::result<scenario, parse_failure> parse_scenario(std::string_view text) {
  scenario read;
  bool has_end = false;
  std::size_t number = 0;
  do {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (++number == 1) {
      if (line != first_line)
        return parse_failure{1, 1, '"' + std::string{first_line} + '"'};
      continue;
    }
    line_reader in{line};
    has_end |= in.ahead() == "end_at";
    if (!read_line(in, read))
      return parse_failure{number, in.column(), in.expected()};
  } while (!text.empty());
  read.plan.heal_at = read.heal_at;
  if (!has_end)
    read.end_at = read.end_needed();
  return read;
}

} // namespace kodama::sim
