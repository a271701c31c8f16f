#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace kodama::net {

/// "192.0.2.1:7400" or "[2001:db8::1]:7400".
[[nodiscard]] inline std::string to_text(const boost::asio::ip::tcp::endpoint& where) {
  const auto host = where.address().to_string();
  return (where.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(where.port());
}

} // namespace kodama::net
