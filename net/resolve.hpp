#pragma once

#include "protocol/result.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace kodama::net {

/// The endpoint that a host, by name or by number, and a port stand for. Blocks while the name is
/// looked up, so it belongs before the start of anything. Of several addresses the first IPv4 one
/// is taken: "localhost" must mean the same to both ends, and servers listen on IPv4 by default.
[[nodiscard]] result<boost::asio::ip::tcp::endpoint> resolve(const std::string& host,
                                                             std::uint16_t port);

} // namespace kodama::net
