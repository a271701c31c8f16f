#include "apps/serve_config.hpp"

#include "apps/whole_file.hpp"
#include "net/tls_context.hpp"

#include <algorithm>

namespace kodama::apps {
namespace {

/// Whether anybody may publish what mqtt_limits.packet_size_max bounds: it bounds HTTP's bodies,
/// too.
bool takes_packets(const serve_config& config) {
  return config.mqtt || std::any_of(config.listeners.begin(), config.listeners.end(),
                                    [](const listener_config& each) {
                                      return each.protocol != net::spoken_protocol::native;
                                    });
}

class contradictions {
public:
  explicit contradictions(const serve_config& config)
      : config_{config} {}

  config_mistakes find() {
    judge_limits();
    for (const auto& each : config_.listeners)
      judge(each);
    return std::move(found_);
  }

private:
  void mistake(std::string what) { found_.push_back({{}, std::move(what)}); }

  void judge_limits() {
    const auto& session = config_.server.node.session;
    const auto& limits = session.limits;
    // What our own messages need around a topic's name.
    constexpr std::uint32_t frame = 512;
    if (limits.message_size_max < limits.topic_length_max + frame)
      mistake("limits.message_size_max has to be at least limits.topic_length_max + " +
              std::to_string(frame) + ", that is " +
              std::to_string(limits.topic_length_max + frame) + " bytes");
    if (takes_packets(config_) &&
        config_.server.node.mqtt.packet_size_max + frame > limits.message_size_max)
      mistake("mqtt_limits.packet_size_max (" +
              std::to_string(config_.server.node.mqtt.packet_size_max) +
              ") has to be at most limits.message_size_max - " + std::to_string(frame) +
              ", that is " + std::to_string(limits.message_size_max - frame) + " bytes");
    if (session.keepalive_min > session.keepalive_max)
      mistake("times.keepalive_min (" + std::to_string(session.keepalive_min.count()) +
              " ms) has to be at most times.keepalive_max (" +
              std::to_string(session.keepalive_max.count()) + " ms)");
  }

  void judge(const listener_config& listener) {
    if (listener.protocol == net::spoken_protocol::http && listener.websocket)
      found_.push_back({listener.place, "HTTP is not spoken over WebSocket: leave websocket out"});
    if (listener.tls.empty())
      return;
    const auto& known = config_.server.tls;
    if (std::any_of(known.begin(), known.end(),
                    [&](const net::tls_options& each) { return each.name == listener.tls; }))
      return;
    std::string names;
    for (const auto& each : known)
      names += (names.empty() ? "[tls." : ", [tls.") + each.name + "]";
    found_.push_back({listener.place, "there is no [tls." + listener.tls + "]" +
                                          (names.empty() ? "; write one, with certificate and key"
                                                         : "; this file has " + names)});
  }

  const serve_config& config_;
  config_mistakes found_;
};

} // namespace

config_place place_of(const serve_config& config, const std::string& key) {
  const auto at = config.places.find(key);
  return at == config.places.end() ? config_place{"", 0, key} : at->second;
}

config_mistakes check_config(const serve_config& config) {
  return contradictions{config}.find();
}

config_mistakes check_usage_file(const serve_config& config) {
  const auto& file = config.server.usage_file;
  if (file.empty())
    return {};
  if (is_special(file))
    return {{place_of(config, "usage_file"), file + ": is not a regular file"}};
  if (!can_make_beside(file))
    return {{place_of(config, "usage_file"), cannot_write(file)}};
  return {};
}

config_mistakes check_everything(serve_config& config) {
  auto found = check_config(config);
  for (const auto& more :
       {load_accounts(config), check_usage_file(config), resolve_addresses(config)})
    found.insert(found.end(), more.begin(), more.end());
  return found;
}

config_mistakes check_certificates(const serve_config& config) {
  config_mistakes found;
  for (const auto& each : config.server.tls)
    if (const auto loaded = net::tls_context::load(each); !loaded) {
      const auto place = config.tls_places.find(each.name);
      found.push_back({place != config.tls_places.end() ? place->second : config_place{},
                       loaded.error().file + " " + loaded.error().reason});
    }
  return found;
}

} // namespace kodama::apps
