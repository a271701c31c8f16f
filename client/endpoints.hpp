#pragma once

#include "protocol/address.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// Between our addresses and Asio's.
namespace kodama {

/// Host and port of "host:port", "[2001:db8::1]:7400", "2001:db8::1" or "host".
[[nodiscard]] std::pair<std::string, std::string> split_server(std::string_view server);

[[nodiscard]] address to_address(const boost::asio::ip::address& ip, std::uint16_t port);

/// `v6`: for a socket of that family, which takes no other addresses.
[[nodiscard]] boost::asio::ip::udp::endpoint to_endpoint(const address& where, bool v6);

/// A probe proves a size only if it arrives in one piece, so nobody may fragment it.
void forbid_fragments(boost::asio::ip::udp::socket& socket);

} // namespace kodama
