#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kodama {

/// Where datagrams come from and go to: an IPv6 address, or an IPv4 one mapped into it
/// (RFC 4291, 2.5.5.2), and a port. A value; it says nothing about who really is there.
struct address {
  std::array<std::byte, 16> ip{};
  std::uint16_t port = 0;

  auto operator<=>(const address&) const = default;
};

/// "192.0.2.1:7400" or "[2001:db8::1]:7400".
[[nodiscard]] std::string to_string(const address& where);

/// The IPv4 address a.b.c.d in network order, as a mapped one.
[[nodiscard]] address make_v4(std::uint32_t ip, std::uint16_t port);

} // namespace kodama
