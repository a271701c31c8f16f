#include "apps/serve_config.hpp"
#include "net/endpoint_text.hpp"
#include "net/resolve.hpp"

#include <algorithm>

namespace kodama::apps {
namespace {

using boost::asio::ip::tcp;

/// As in HOST:PORT.
std::string host_text(const boost::asio::ip::address& host) {
  return host.is_v6() ? "[" + host.to_string() + "]" : host.to_string();
}

/// Whether connections to `one` come to `all`, too. [::] takes IPv4 as well.
bool holds(const tcp::endpoint& all, const tcp::endpoint& one) {
  return all.address() == one.address() ||
         (all.address().is_unspecified() && (all.address().is_v6() || one.address().is_v4()));
}

/// Whether the second of them could not be listened on. With port 0 each gets one of its own.
bool collide(const tcp::endpoint& one, const tcp::endpoint& other) {
  return one.port() != 0 && one.port() == other.port() && (holds(one, other) || holds(other, one));
}

class resolver {
public:
  explicit resolver(serve_config& config)
      : config_{config} {}

  config_mistakes resolve() {
    auto& server = config_.server;
    const auto native = find(config_.listen, {}, place_of(config_, "listen"));
    server.host = native.address();
    server.port = native.port();
    if (config_.mqtt)
      server.mqtt = find(*config_.mqtt, {}, place_of(config_, "mqtt"));
    server.listeners.clear();
    for (const auto& each : config_.listeners)
      if (!each.address.host.empty()) // otherwise it has been told that there is none
        server.listeners.push_back({each.protocol, find(each.address, each.place, each.place),
                                    each.tls, each.websocket, each.proxy_protocol});
    return std::move(found_);
  }

private:
  struct taken_address {
    tcp::endpoint where;
    config_place by;
  };

  /// `told_at` is empty for those whose mistakes need no key, since they name the address itself.
  tcp::endpoint find(const host_port& where, const config_place& told_at, const config_place& by) {
    const auto at = net::resolve(where.host, where.port);
    if (!at) {
      found_.push_back({told_at, "cannot resolve " + where.host + ": " + at.error().message()});
      return {};
    }
    if (config_.server.accounts.empty() && !at->address().is_loopback())
      found_.push_back({told_at, "without tokens or users only loopback is served, not " +
                                     host_text(at->address()) +
                                     "; give --tokens FILE, or listen on 127.0.0.1"});
    take(*at, by);
    return *at;
  }

  void take(const tcp::endpoint& where, const config_place& by) {
    const auto other = std::find_if(taken_.begin(), taken_.end(),
                                    [&](const auto& each) { return collide(each.where, where); });
    if (other != taken_.end()) {
      const auto line = other->by.line == 0 ? "" : ", line " + std::to_string(other->by.line);
      found_.push_back({by, net::to_text(where) + " is taken by " + other->by.key + " (" +
                                net::to_text(other->where) + line +
                                "); give it a port of its own"});
    }
    taken_.push_back({where, by});
  }

  serve_config& config_;
  std::vector<taken_address> taken_;
  config_mistakes found_;
};

} // namespace

config_mistakes resolve_addresses(serve_config& config) {
  return resolver{config}.resolve();
}

} // namespace kodama::apps
