#include "sim/mqtt_text.hpp"

#include "protocol/limits.hpp"
#include "protocol/mqtt/topic_filter.hpp"
#include "protocol/mqtt/topic_tree.hpp"
#include "protocol/topic_name.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

constexpr std::uint32_t qos_max = 2;
constexpr std::uint32_t handling_max = 2;
constexpr std::uint32_t identifier_max = 268'435'455;

/// '#' begins a comment, so that in a scenario '*' stands for it.
std::string with(char to, char from, std::string text) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

constexpr std::size_t name_length_max = session_limits{}.topic_length_max;

/// As the server judges it: '$' begins a topic that wildcards do not reach.
bool is_topic(std::string_view name) {
  return check_topic_name(name.substr(name.starts_with('$') ? 1 : 0), name_length_max).has_value();
}

bool is_filter(std::string_view name) {
  if (name.size() > name_length_max || !is_utf8(name))
    return false;
  const auto parsed = mqtt::parse_topic_filter(name, mqtt::protocol_version::v5);
  return parsed && mqtt::topic_tree<user_id>::fits(parsed->filter);
}

/// A name that no client may say: the server ends the connection for it, each time anew.
bool read_name(line_reader& in, operation& to) {
  to.name = take_name(in);
  if (is_publish(to.what))
    return is_topic(to.name) || in.fail("a topic, without + and * (for #)");
  return is_filter(to.name) || in.fail("a topic, or a filter with + and * (for #)");
}

/// Visits what an operation has by name: numbers with the largest one, and flags.
template <class Operation, class Numbers, class Flags>
void each_detail(Operation& what, Numbers&& number, Flags&& flag) {
  number("qos", what.qos, qos_max);
  number("expiry", what.expiry, 100'000'000U);
  number("handling", what.handling, handling_max);
  number("identifier", what.identifier, identifier_max);
  flag("retain", what.retain);
  flag("empty", what.empty);
  flag("no_local", what.no_local);
  flag("as_published", what.as_published);
  flag("clean", what.clean);
  flag("with_will", what.with_will);
}

template <class Person, class Numbers>
void each_number(Person& who, Numbers&& number) {
  number("version", who.version, 5U);
  number("expiry", who.session_expiry, 100'000'000U);
  number("receive_maximum", who.receive_maximum, 65'535U);
  number("aliases", who.aliases, 65'535U);
}

template <class Will, class Numbers>
void each_will_number(Will& last, Numbers&& number) {
  number("qos", last.qos, qos_max);
  number("delay", last.delay, 100'000'000U);
}

} // namespace

std::string text_of_person(user_id user) {
  return user >= mqtt_user_base ? "mqtt " + std::to_string(user - mqtt_user_base)
                                : "user " + std::to_string(user);
}

bool read_person(line_reader& in, user_id& to) {
  const auto what = in.word();
  if (what != "user" && what != "mqtt")
    return in.fail("\"user\" or \"mqtt\"");
  if (!in.number(to, person_numbers))
    return false;
  if (what == "mqtt")
    to += mqtt_user_base;
  return true;
}

std::string name_text(const std::string& name) {
  return with('*', '#', name);
}

std::string take_name(line_reader& in) {
  return with('#', '*', std::string{in.word()});
}

std::string mqtt_people_text(const scenario& what) {
  std::string text;
  std::size_t index = 0;
  for (const auto& who : what.mqtt) {
    text += "mqtt " + std::to_string(index++);
    const mqtt_person usual;
    each_number(who, [&](std::string_view name, auto value, auto) {
      each_number(usual, [&](std::string_view each, auto normal, auto) {
        if (each == name && (value != normal || name == "version"))
          text += ' ' + std::string{name} + ' ' + std::to_string(value);
      });
    });
    if (who.will) {
      text += " will " + std::to_string(who.will->topic);
      each_will_number(*who.will, [&](std::string_view name, auto value, auto) {
        if (value != 0)
          text += ' ' + std::string{name} + ' ' + std::to_string(value);
      });
      if (who.will->retain)
        text += " retain";
    }
    text += '\n';
  }
  return text;
}

bool read_mqtt_person(line_reader& in, scenario& to) {
  std::uint32_t index = 0;
  if (!in.number(index))
    return false;
  if (index != to.mqtt.size())
    return in.fail("the number " + std::to_string(to.mqtt.size()) +
                   ": people are numbered from 0 on, without a gap");
  mqtt_person who;
  while (!in.ahead().empty()) {
    const auto word = in.word();
    bool known = false;
    bool read = true;
    const auto number = [&](std::string_view name, std::uint32_t& value, std::uint32_t most) {
      if (name == word && !std::exchange(known, true))
        read = in.number(value, {.most = most});
    };
    if (word == "will") {
      known = true;
      read = in.number(who.will.emplace().topic);
    } else if (who.will && word == "retain") {
      known = who.will->retain = true;
    } else if (who.will) {
      each_will_number(*who.will, number);
    }
    if (!known)
      each_number(who, number);
    if (!known)
      return in.fail("version, expiry, receive_maximum, aliases or will (and behind it qos, delay "
                     "or retain)");
    if (!read)
      return false;
  }
  if (who.version != 3 && who.version != 5)
    return in.fail("version 3 (which is 3.1.1) or 5");
  if (who.receive_maximum == 0)
    return in.fail("a receive_maximum of at least 1 [MQTT-3.1.2-27]");
  to.mqtt.push_back(who);
  return true;
}

std::string mqtt_details_text(const operation& what) {
  std::string text;
  each_detail(
      what,
      [&](std::string_view name, auto value, auto) {
        if (value != 0)
          text += ' ' + std::string{name} + ' ' + std::to_string(value);
      },
      [&](std::string_view name, bool value) {
        if (value)
          text += ' ' + std::string{name};
      });
  return text;
}

bool read_mqtt_details(line_reader& in, operation& to) {
  while (!in.ahead().empty()) {
    const auto word = in.word();
    bool known = word == "name";
    bool read = true;
    if (known)
      read = read_name(in, to);
    each_detail(
        to,
        [&](std::string_view name, std::uint32_t& value, std::uint32_t most) {
          if (name == word) {
            known = true;
            read = in.number(value, {.most = most});
          }
        },
        [&](std::string_view name, bool& value) {
          if (name == word)
            known = value = true;
        });
    if (!known)
      return in.fail("name, qos, expiry, handling, identifier, retain, empty, no_local, "
                     "as_published, clean or with_will");
    if (!read)
      return false;
    // Whichever of the two comes second. The server ends the connection for it, each time anew.
    if (to.no_local && to.name.starts_with("$share/"))
      return in.fail("no no_local on a shared subscription [MQTT-3.8.3-4]");
  }
  return true;
}

} // namespace kodama::sim
