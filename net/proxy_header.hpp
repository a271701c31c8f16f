#pragma once

#include "protocol/address.hpp"
#include "protocol/bytes.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace kodama::net {

/// What a load balancer says about a connection before passing on its first byte: the header of
/// the PROXY protocol, version 2, the binary one (haproxy's doc/proxy-protocol.txt, section 2.2).
struct proxy_header {
  /// Empty for LOCAL (the proxy's own connection, such as its health check) and for families
  /// without a network address: the connection's own ends count then.
  std::optional<address> source;
};

enum class proxy_fault {
  no_header,           ///< the first bytes are not the signature
  version_1,           ///< the textual header, which is not spoken here
  unsupported_version, ///< a later version
  unknown_command,     ///< neither LOCAL nor PROXY
  unknown_family,      ///< address family or transport outside the specification's list
  not_a_stream,        ///< a datagram's header on a connection
  too_long,            ///< more than proxy_header_size_max
  address_too_short,   ///< the length leaves no room for the family's addresses
  malformed_extension, ///< an extension (TLV) that reaches past the header's end
};

/// A sentence for the log.
[[nodiscard]] std::string_view to_string(proxy_fault fault) noexcept;

/// Signature, version, command, family, length: what every header begins with.
constexpr std::size_t proxy_prefix_size = 16;
/// The whole header. Addresses take at most 216 bytes; the rest is for extensions, among which only
/// a client certificate's fields are long.
constexpr std::size_t proxy_header_size_max = 4096;

/// Takes one header off the front of `input`. An empty optional means "not enough bytes yet" and
/// leaves `input` alone; a fault is told as soon as the bytes at hand show it. Extensions are
/// checked for form, and otherwise ignored: none of them matters here.
[[nodiscard]] boost::system::result<std::optional<proxy_header>, proxy_fault>
read_proxy_header(byte_view& input);

/// How many bytes the header that begins with `prefix` has in all, once its prefix is whole and
/// sound; until then, how many the prefix has.
[[nodiscard]] boost::system::result<std::size_t, proxy_fault> proxy_header_size(byte_view prefix);

} // namespace kodama::net
