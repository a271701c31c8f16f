#include "net/listeners.hpp"

#include "net/endpoint_text.hpp"
#include "net/stream_link.hpp"
#include "net/tcp_link.hpp"
#include "protocol/assert.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kodama::net {
namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

/// What one WebSocket message may hold, unless a single packet may be larger. It is passed on as it
/// comes, so this bounds no memory: it tells a peer that lost its place from one that speaks.
constexpr std::size_t websocket_message_max = std::size_t{16} * 1024 * 1024;

/// actors::link_accepted::datagram_port of who connects to `listener` at `real`.
std::optional<std::uint16_t> datagram_port_for(const listener_options& listener,
                                               const tcp::endpoint& real,
                                               const std::optional<udp::endpoint>& datagrams) {
  if (!datagrams || listener.proxy_protocol) // what goes to a proxy's address does not come here
    return std::nullopt;
  const auto address = datagrams->address();
  const bool takes_all = address.is_unspecified() && (address.is_v6() || real.address().is_v4());
  if (!takes_all && address != real.address())
    return std::nullopt;
  return datagrams->port() == real.port() ? std::uint16_t{0} : datagrams->port();
}

void warn(const tls_options& options, const tls_context& loaded) {
  for (const auto& each : loaded.warnings())
    spdlog::warn("tls.{}: {} {}", options.name, each.file, each.reason);
}

} // namespace

std::string_view name_of(const listener_options& listener) noexcept {
  if (listener.protocol == spoken_protocol::http)
    return listener.tls.empty() ? "http" : "https";
  const bool is_mqtt = listener.protocol == spoken_protocol::mqtt;
  if (listener.websocket && !listener.tls.empty())
    return is_mqtt ? "mqtt-wss" : "native-wss";
  if (listener.websocket)
    return is_mqtt ? "mqtt-ws" : "native-ws";
  if (!listener.tls.empty())
    return is_mqtt ? "mqtts" : "native-tls";
  return is_mqtt ? "mqtt" : "native";
}

listeners::outcome listeners::load(const std::vector<tls_options>& wanted) {
  for (const auto& each : wanted) {
    auto loaded = tls_context::load(each);
    if (!loaded)
      return "tls." + each.name + ": " + loaded.error().file + " " + loaded.error().reason;
    warn(each, **loaded);
    contexts_[each.name] = std::move(*loaded);
  }
  return boost::system::in_place_value;
}

listeners::outcome listeners::add(const listener_options& options, std::size_t message_size_max) {
  auto acceptor = listener::open(scheduler_.at(0), options.address);
  if (!acceptor)
    return "cannot listen on " + to_text(options.address) + ": " + acceptor.error().message();
  add(options, std::move(*acceptor), message_size_max);
  return boost::system::in_place_value;
}

void listeners::add(const listener_options& options, tcp::acceptor acceptor,
                    std::size_t message_size_max) {
  stream_layers layers;
  layers.proxy_protocol = options.proxy_protocol;
  if (options.websocket)
    layers.websocket = std::make_shared<websocket_options>(
        websocket_options{options.protocol == spoken_protocol::mqtt ? "mqtt" : "kodama",
                          std::max(websocket_message_max, message_size_max), origins_});
  const auto real = acceptor.local_endpoint();
  places_.push_back(
      std::make_unique<place>(place{options, real, std::move(acceptor), std::move(layers)}));
}

void listeners::start(const actors::node& node, const std::vector<caf::actor>& gateways,
                      const std::optional<udp::endpoint>& datagrams) {
  const auto door_of = [&](spoken_protocol protocol) -> listener::door_of {
    switch (protocol) {
    case spoken_protocol::mqtt:
      return [&](std::size_t home) -> const caf::actor& { return node.mqtt_door(home); };
    case spoken_protocol::http:
      return [&](std::size_t home) -> const caf::actor& { return gateways[home]; };
    case spoken_protocol::native: break;
    }
    return [&](std::size_t home) -> const caf::actor& { return node.door(home); };
  };
  for (const auto& each : places_) {
    running_.push_back(std::make_unique<listener>(
        scheduler_, door_of(each->options.protocol), std::move(each->acceptor), factory_of(*each),
        counts_, datagram_port_for(each->options, each->real, datagrams)));
    running_.back()->start();
  }
}

listener::link_factory listeners::factory_of(const place& at) {
  const auto& options = at.options;
  if (options.tls.empty() && !options.websocket && !options.proxy_protocol)
    return [this](actors::link_id id, int descriptor, shard& home) -> actors::link_ptr {
      return std::make_shared<tcp_link>(id, descriptor, home, counts_.open);
    };
  return [this, &at](actors::link_id id, int descriptor, shard& home) -> actors::link_ptr {
    auto layers = at.layers;
    if (!at.options.tls.empty()) {
      const auto context = contexts_.find(at.options.tls);
      KODAMA_ASSERT(context != contexts_.end());
      layers.tls = context->second;
    }
    return std::make_shared<stream_link>(id, descriptor, std::move(layers), home, counts_);
  };
}

void listeners::close() {
  for (const auto& each : running_)
    each->close();
}

void listeners::reload(const std::vector<tls_options>& wanted) {
  for (const auto& each : wanted) {
    const auto known = contexts_.find(each.name);
    if (known == contexts_.end())
      continue; // no listener has it, so it takes a restart anyway
    auto loaded = tls_context::load(each);
    if (!loaded) {
      spdlog::error("reload: tls.{}: {} {}; what was served before is kept", each.name,
                    loaded.error().file, loaded.error().reason);
      continue;
    }
    warn(each, **loaded);
    known->second = std::move(*loaded);
    spdlog::info("reload: tls.{}: new connections get the certificates as they are now", each.name);
  }
}

std::string listeners::text() const {
  std::string text;
  for (const auto& each : places_)
    text +=
        (text.empty() ? "" : " ") + std::string{name_of(each->options)} + '=' + to_text(each->real);
  return text;
}

} // namespace kodama::net
