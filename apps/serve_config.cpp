#include "apps/serve_config.hpp"

#include <toml++/toml.h>

#include <fstream>
#include <functional>
#include <limits>
#include <map>

namespace kodama::apps {
namespace {

/// Puts one value where it belongs; the refusal says what was expected.
constexpr std::size_t threads_max = 256;

using setter = std::function<parsed<void>(const toml::node& value)>;
using setters = std::map<std::string, setter, std::less<>>;

template <class Number>
setter whole(Number& to, std::uint64_t least, std::uint64_t most) {
  return [&to, least, most](const toml::node& value) -> parsed<void> {
    const auto number = value.value_exact<std::int64_t>();
    if (!number || *number < static_cast<std::int64_t>(least) ||
        static_cast<std::uint64_t>(*number) > most)
      return refusal{"expected a whole number from " + std::to_string(least) + " to " +
                     std::to_string(most)};
    to = static_cast<Number>(*number);
    return boost::system::in_place_value;
  };
}

template <class Number>
setter size(Number& to, std::uint64_t least) {
  return [&to, least](const toml::node& value) -> parsed<void> {
    const auto text = value.value_exact<std::string>();
    if (!text)
      return refusal{"expected a size in quotes, such as \"64KiB\""};
    const auto bytes = parse_size(*text);
    if (!bytes)
      return bytes.error();
    if (*bytes < least || *bytes > std::numeric_limits<std::uint32_t>::max())
      return refusal{'"' + *text + "\" is out of range; expected " + std::to_string(least) +
                     " bytes to 4 GiB"};
    to = static_cast<Number>(*bytes);
    return boost::system::in_place_value;
  };
}

template <class Target>
setter milliseconds(Target& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto text = value.value_exact<std::string>();
    if (!text)
      return refusal{"expected a duration in quotes, such as \"60s\""};
    const auto read = parse_duration(*text);
    if (!read)
      return read.error();
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(*read).count();
    if (count < 1 || count > std::numeric_limits<std::int32_t>::max())
      return refusal{'"' + *text + "\" is out of range; expected 1ms to 500h"};
    if constexpr (std::is_integral_v<Target>)
      to = static_cast<Target>(count);
    else
      to = Target{count};
    return boost::system::in_place_value;
  };
}

setter text(std::string& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto read = value.value_exact<std::string>();
    if (!read)
      return refusal{"expected a text in quotes"};
    to = *read;
    return boost::system::in_place_value;
  };
}

setter yes_or_no(bool& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto read = value.value_exact<bool>();
    if (!read)
      return refusal{"expected true or false"};
    to = *read;
    return boost::system::in_place_value;
  };
}

setter endpoint(host_port& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto read = parse_host_port(value.value_or(std::string{}));
    if (!read)
      return read.error();
    to = *read;
    return boost::system::in_place_value;
  };
}

setter endpoint(std::optional<host_port>& to) {
  return [&to](const toml::node& value) { return endpoint(to.emplace())(value); };
}

setters all_keys(serve_config& config) {
  auto& server = config.server;
  auto& node = server.node;
  auto& session = node.session;
  auto& limits = session.limits;
  auto& mqtt = node.mqtt;
  return {
      {"listen", endpoint(config.listen)},
      {"mqtt", endpoint(config.mqtt)},
      {"tokens", text(config.tokens_file)},
      {"log_level", text(config.log_level)},
      {"threads", whole(server.threads, 1, threads_max)},
      {"udp", yes_or_no(server.udp)},
      {"shutdown_max", milliseconds(server.shutdown_max)},
      {"limits.message_size_max", size(limits.message_size_max, 1024)},
      {"limits.sections_max", whole(limits.sections_max, 16, 1024)},
      {"limits.topic_length_max", whole(limits.topic_length_max, 1, 65'535)},
      {"limits.topics_max", whole(limits.topics_max, 1, 1'000'000)},
      {"limits.unacknowledged_max", whole(limits.unacknowledged_max, 1, 1'000'000)},
      {"limits.session_buffer_max", size(session.session_buffer_max, 64 * 1024)},
      {"limits.connections_max", whole(node.connections_max, 1, 10'000'000)},
      {"limits.unauthenticated_max", whole(node.unauthenticated_max, 1, 1'000'000)},
      {"limits.sessions_max", whole(node.sessions_max, 1, 10'000'000)},
      {"limits.publish_topics_max", whole(node.publish_topics_max, 1, 1'000'000)},
      {"mqtt_limits.packet_size_max", size(mqtt.packet_size_max, 1024)},
      {"mqtt_limits.receive_maximum", whole(mqtt.receive_maximum, 1, 65'535)},
      {"mqtt_limits.topic_alias_maximum", whole(mqtt.topic_alias_maximum, 0, 65'535)},
      {"mqtt_limits.keep_alive_max", whole(mqtt.keep_alive_max, 0, 65'535)},
      {"mqtt_limits.session_expiry_max", whole(mqtt.session_expiry_max, 0, 0xffff'ffff)},
      {"mqtt_limits.subscriptions_max", whole(mqtt.subscriptions_max, 1, 10'000'000)},
      {"mqtt_limits.in_flight_max", whole(mqtt.in_flight_max, 1, 32'767)},
      {"mqtt_limits.session_buffer_max", size(mqtt.session_buffer_max, 64 * 1024)},
      {"times.resume_window", milliseconds(limits.resume_window_ms)},
      {"times.connect_timeout", milliseconds(node.connect_timeout)},
      {"times.keepalive_min", milliseconds(session.keepalive_min)},
      {"times.keepalive_max", milliseconds(session.keepalive_max)},
      {"times.ack_delay", milliseconds(session.ack_delay)},
  };
}

parsed<void> read_table(const toml::table& table, const std::string& prefix, const setters& keys,
                        const std::string& file) {
  for (const auto& [name, value] : table) {
    const auto key = prefix + std::string{name.str()};
    const auto where = file + ":" + std::to_string(value.source().begin.line) + ": " + key + ": ";
    if (const auto* inner = value.as_table()) {
      if (auto read = read_table(*inner, key + ".", keys, file); !read)
        return read.error();
      continue;
    }
    const auto at = keys.find(key);
    if (at == keys.end())
      return refusal{where + "no such key; docs/operations.md lists them all"};
    if (auto set = at->second(value); !set)
      return refusal{where + set.error().reason};
  }
  return boost::system::in_place_value;
}

} // namespace

parsed<void> read_config(const std::string& file, serve_config& config) {
  try {
    const auto table = toml::parse_file(file);
    return read_table(table, "", all_keys(config), file);
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    return refusal{file + (line != 0 ? ":" + std::to_string(line) : "") + ": " +
                   std::string{error.description()}};
  }
}

parsed<void> check_config(const serve_config& config) {
  const auto& session = config.server.node.session;
  const auto& limits = session.limits;
  // What our own messages need around a topic's name.
  constexpr std::uint32_t frame = 512;
  if (limits.message_size_max < limits.topic_length_max + frame)
    return refusal{"limits.message_size_max has to be at least limits.topic_length_max + " +
                   std::to_string(frame) + ", that is " +
                   std::to_string(limits.topic_length_max + frame) + " bytes"};
  if (config.mqtt && config.server.node.mqtt.packet_size_max + frame > limits.message_size_max)
    return refusal{"mqtt_limits.packet_size_max (" +
                   std::to_string(config.server.node.mqtt.packet_size_max) +
                   ") has to be at most limits.message_size_max - " + std::to_string(frame) +
                   ", that is " + std::to_string(limits.message_size_max - frame) + " bytes"};
  if (session.keepalive_min > session.keepalive_max)
    return refusal{"times.keepalive_min (" + std::to_string(session.keepalive_min.count()) +
                   " ms) has to be at most times.keepalive_max (" +
                   std::to_string(session.keepalive_max.count()) + " ms)"};
  if (config.server.threads < 1 || config.server.threads > threads_max)
    return refusal{"threads: expected 1 to " + std::to_string(threads_max)};
  if (limits.resume_window_ms == 0)
    return refusal{"the resume window is out of range; expected 1ms to 500h"};
  return boost::system::in_place_value;
}

parsed<std::vector<std::string>> read_tokens(const std::string& file) {
  std::ifstream in{file};
  if (!in)
    return refusal{file + ": cannot be read"};
  std::vector<std::string> tokens;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    if (!line.empty() && line.front() != '#')
      tokens.push_back(line);
  }
  if (tokens.empty())
    return refusal{file + ": holds no token; expected one a line"};
  return tokens;
}

} // namespace kodama::apps
