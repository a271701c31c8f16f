#include "apps/config_keys.hpp"

#include "net/origin_policy.hpp"

#include <chrono>

namespace kodama::apps {
namespace {

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

constexpr std::uint64_t sizes_max = std::uint64_t{4} * 1024 * 1024 * 1024;
/// What MQTT's Remaining Length has room for, with all that a packet may gain on its way.
constexpr std::uint64_t messages_max = 128 * 1024 * 1024;

template <class Number>
setter size(Number& to, std::uint64_t least, std::uint64_t most = sizes_max) {
  return [&to, least, most](const toml::node& value) -> parsed<void> {
    const auto text = value.value_exact<std::string>();
    if (!text)
      return refusal{"expected a size in quotes, such as \"64KiB\""};
    const auto bytes = parse_size(*text);
    if (!bytes)
      return bytes.error();
    if (*bytes < least || *bytes > most)
      return refusal{'"' + *text + "\" is out of range; expected " + std::to_string(least) +
                     (most == messages_max ? " bytes to 128 MiB" : " bytes to 4 GiB")};
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
    if (*read > duration{config_duration_max} || count < 1)
      return refusal{'"' + *text + "\" is out of range; expected 1ms to 500h"};
    if constexpr (std::is_integral_v<Target>)
      to = static_cast<Target>(count);
    else
      to = Target{count};
    return boost::system::in_place_value;
  };
}

setter endpoint_setter(std::optional<host_port>& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    host_port read;
    if (const auto set = endpoint_setter(read)(value); !set)
      return set.error();
    to = read;
    return boost::system::in_place_value;
  };
}

setter protocol_setter(net::spoken_protocol& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto text = value.value_or(std::string{});
    if (text != "native" && text != "mqtt" && text != "http")
      return refusal{"expected \"native\", \"mqtt\" or \"http\""};
    to = text == "mqtt"   ? net::spoken_protocol::mqtt
         : text == "http" ? net::spoken_protocol::http
                          : net::spoken_protocol::native;
    return boost::system::in_place_value;
  };
}

setter origins_setter(std::vector<std::string>& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    if (auto read = texts_setter(to, "an origin")(value); !read)
      return read.error();
    return judge_each(to, [](const std::string& each) -> std::string {
      return net::origin_policy::is_origin(each)
                 ? ""
                 : '"' + each +
                       "\" is no origin: expected one as browsers name it, such as "
                       "\"https://app.example.net\", or \"*\" for all";
    });
  };
}

} // namespace

setter texts_setter(std::vector<std::string>& to, const char* what) {
  return [&to, what](const toml::node& value) -> parsed<void> {
    to.clear();
    const refusal wrong{std::string{"expected "} + what + " in quotes, or several in brackets"};
    if (const auto one = value.value_exact<std::string>()) {
      to.push_back(*one);
      return boost::system::in_place_value;
    }
    const auto* several = value.as_array();
    if (several == nullptr)
      return wrong;
    for (const auto& each : *several) {
      const auto text = each.value_exact<std::string>();
      if (!text)
        return wrong;
      to.push_back(*text);
    }
    return boost::system::in_place_value;
  };
}

parsed<void> judge_each(const std::vector<std::string>& texts,
                        const std::function<std::string(const std::string& text)>& fault_of) {
  std::string all;
  for (const auto& each : texts)
    if (const auto fault = fault_of(each); !fault.empty())
      all += (all.empty() ? "" : "; ") + fault;
  if (!all.empty())
    return refusal{all};
  return boost::system::in_place_value;
}

setter size_setter(std::uint64_t& to, std::uint64_t least) {
  return size(to, least);
}

setter number_setter(std::uint64_t& to, std::uint64_t least, std::uint64_t most) {
  return whole(to, least, most);
}

setter text_setter(std::string& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto read = value.value_exact<std::string>();
    if (!read)
      return refusal{"expected a text in quotes"};
    to = *read;
    return boost::system::in_place_value;
  };
}

setter yes_or_no_setter(bool& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto read = value.value_exact<bool>();
    if (!read)
      return refusal{"expected true or false"};
    to = *read;
    return boost::system::in_place_value;
  };
}

setter log_level_setter(std::string& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    std::string text;
    if (const auto read = text_setter(text)(value); !read)
      return read.error();
    const auto level = parse_log_level(text);
    if (!level)
      return level.error();
    to = *level;
    return boost::system::in_place_value;
  };
}

setter endpoint_setter(host_port& to) {
  return [&to](const toml::node& value) -> parsed<void> {
    const auto text = value.value_exact<std::string>();
    if (!text)
      return refusal{"expected HOST:PORT in quotes, such as \"127.0.0.1:7400\""};
    const auto read = parse_host_port(*text);
    if (!read)
      return read.error();
    to = *read;
    return boost::system::in_place_value;
  };
}

setters keys_of(serve_config& config) {
  auto& server = config.server;
  auto& node = server.node;
  auto& session = node.session;
  auto& limits = session.limits;
  auto& mqtt = node.mqtt;
  return {
      {"listen", endpoint_setter(config.listen)},
      {"mqtt", endpoint_setter(config.mqtt)},
      {"tokens", text_setter(config.tokens_file)},
      {"passwords", text_setter(config.passwords_file)},
      {"origins", origins_setter(server.origins)},
      {"usage_file", text_setter(server.usage_file)},
      {"log_level", log_level_setter(config.log_level)},
      {"threads", whole(server.threads, 1, serve_threads_max)},
      {"udp", yes_or_no_setter(server.udp)},
      {"shutdown_max", milliseconds(server.shutdown_max)},
      {"limits.message_size_max", size(limits.message_size_max, 1024, messages_max)},
      {"limits.sections_max", whole(limits.sections_max, 16, 1024)},
      {"limits.topic_length_max", whole(limits.topic_length_max, 1, 65'535)},
      {"limits.topics_max", whole(limits.topics_max, 1, 1'000'000)},
      {"limits.unacknowledged_max", whole(limits.unacknowledged_max, 1, 1'000'000)},
      {"limits.session_buffer_max", size(session.session_buffer_max, 64 * 1024)},
      {"limits.connections_max", whole(node.connections_max, 1, 10'000'000)},
      {"limits.unauthenticated_max", whole(node.unauthenticated_max, 1, 1'000'000)},
      {"limits.sessions_max", whole(node.sessions_max, 1, 10'000'000)},
      {"limits.publish_topics_max", whole(node.publish_topics_max, 1, 1'000'000)},
      {"limits.retained_max", whole(node.retained_max, 1, 100'000'000)},
      {"limits.retained_bytes_max", size(node.retained_bytes_max, 1024)},
      {"mqtt_limits.packet_size_max", size(mqtt.packet_size_max, 1024, messages_max)},
      {"mqtt_limits.receive_maximum", whole(mqtt.receive_maximum, 1, 65'535)},
      {"mqtt_limits.topic_alias_maximum", whole(mqtt.topic_alias_maximum, 0, 65'535)},
      {"mqtt_limits.topic_alias_out_max", whole(mqtt.topic_alias_out_max, 0, 65'535)},
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

setters keys_of(listener_config& listener) {
  return {
      {"protocol", protocol_setter(listener.protocol)},
      {"address", endpoint_setter(listener.address)},
      {"tls", text_setter(listener.tls)},
      {"websocket", yes_or_no_setter(listener.websocket)},
      {"proxy_protocol", yes_or_no_setter(listener.proxy_protocol)},
  };
}

setters keys_of(net::tls_options& tls, std::vector<std::string>& certificates,
                std::vector<std::string>& keys) {
  return {
      {"certificate", texts_setter(certificates, "a file's name")},
      {"key", texts_setter(keys, "a file's name")},
      {"client_ca", text_setter(tls.client_ca)},
      {"require_client_certificate", yes_or_no_setter(tls.require_client_certificate)},
  };
}

} // namespace kodama::apps
