#include "client/endpoints.hpp"

#include "protocol/bytes.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace kodama {

namespace ip = boost::asio::ip;

std::pair<std::string, std::string> split_server(std::string_view server) {
  constexpr auto port_default = "7400";
  const auto bracket = server.rfind(']');
  const auto colon = server.rfind(':');
  const bool bare_v6 = bracket == server.npos && server.find(':') != colon;
  const bool has_port =
      colon != server.npos && !bare_v6 && (bracket == server.npos || bracket < colon);
  auto host = has_port ? server.substr(0, colon) : server;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return {std::string{host}, has_port ? std::string{server.substr(colon + 1)} : port_default};
}

address to_address(const ip::address& ip, std::uint16_t port) {
  if (ip.is_v4())
    return make_v4(ip.to_v4().to_uint(), port);
  address where;
  const auto raw = ip.to_v6().to_bytes();
  std::memcpy(where.ip.data(), raw.data(), raw.size());
  where.port = port;
  return where;
}

ip::udp::endpoint to_endpoint(const address& where, bool v6) {
  ip::address_v6::bytes_type raw;
  std::memcpy(raw.data(), where.ip.data(), raw.size());
  const ip::address_v6 address{raw};
  if (v6 || !address.is_v4_mapped())
    return {address, where.port};
  return {ip::make_address_v4(ip::v4_mapped, address), where.port};
}

void forbid_fragments(ip::udp::socket& socket) {
#ifdef IP_PMTUDISC_PROBE
  // Also ignores what the kernel believes the path's limit to be: that is for the probes to find.
  const int v4 = IP_PMTUDISC_PROBE;
  setsockopt(socket.native_handle(), IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4);
  const int v6 = IPV6_PMTUDISC_PROBE;
  setsockopt(socket.native_handle(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
#else
  static_cast<void>(socket);
#endif
}

} // namespace kodama
