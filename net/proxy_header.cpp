#include "net/proxy_header.hpp"

#include <algorithm>

namespace kodama::net {
namespace {

constexpr auto signature = std::string_view{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr auto signature_of_v1 = std::string_view{"PROXY"};

enum class command : unsigned { local = 0, proxy = 1 };

/// The specification's list of byte 14.
enum class family : unsigned {
  unspecified = 0x00,
  tcp4 = 0x11,
  udp4 = 0x12,
  tcp6 = 0x21,
  udp6 = 0x22,
  unix_stream = 0x31,
  unix_datagram = 0x32,
};

bool begins_alike(byte_view input, std::string_view with) {
  const auto size = std::min(input.size(), with.size());
  return as_text(input.first(size)) == with.substr(0, size);
}

boost::system::result<std::size_t, proxy_fault> addresses_size(unsigned kind) {
  switch (static_cast<family>(kind)) {
  case family::unspecified: return std::size_t{0};
  case family::tcp4: return std::size_t{12};
  case family::tcp6: return std::size_t{36};
  case family::unix_stream: return std::size_t{216};
  case family::udp4:
  case family::udp6:
  case family::unix_datagram: return proxy_fault::not_a_stream;
  }
  return proxy_fault::unknown_family;
}

/// Each is a type of one byte, a length of two, and as many bytes.
bool are_well_formed(byte_view extensions) {
  while (!extensions.empty()) {
    if (extensions.size() < 3)
      return false;
    const auto size = load_big<std::uint16_t>(&extensions[1]);
    if (extensions.size() - 3 < size)
      return false;
    extensions = extensions.subspan(3u + size);
  }
  return true;
}

std::optional<address> source_of(unsigned kind, byte_view addresses) {
  switch (static_cast<family>(kind)) {
  case family::tcp4:
    return make_v4(load_big<std::uint32_t>(&addresses[0]), load_big<std::uint16_t>(&addresses[8]));
  case family::tcp6: {
    address found;
    std::copy_n(addresses.begin(), found.ip.size(), found.ip.begin());
    found.port = load_big<std::uint16_t>(&addresses[32]);
    return found;
  }
  default: return std::nullopt;
  }
}

} // namespace

std::string_view to_string(proxy_fault fault) noexcept {
  switch (fault) {
  case proxy_fault::no_header:
    return "the connection does not begin with a PROXY header, version 2";
  case proxy_fault::version_1:
    return "a PROXY header of version 1; only version 2 is spoken here "
           "(haproxy: send-proxy-v2)";
  case proxy_fault::unsupported_version: return "a PROXY header of a version other than 2";
  case proxy_fault::unknown_command:
    return "a PROXY header whose command is neither LOCAL nor PROXY";
  case proxy_fault::unknown_family:
    return "a PROXY header with an address family that the specification does not know";
  case proxy_fault::not_a_stream: return "a PROXY header of a datagram";
  case proxy_fault::too_long: return "a PROXY header of more than 4096 bytes";
  case proxy_fault::address_too_short: return "a PROXY header without room for its addresses";
  case proxy_fault::malformed_extension:
    return "a PROXY header with an extension that reaches past its end";
  }
  return "a malformed PROXY header";
}

boost::system::result<std::size_t, proxy_fault> proxy_header_size(byte_view prefix) {
  if (!begins_alike(prefix, signature)) {
    if (prefix.size() >= signature_of_v1.size() && begins_alike(prefix, signature_of_v1))
      return proxy_fault::version_1;
    // Less than the whole of "PROXY" is no header of either version, however it goes on.
    if (prefix.size() < signature_of_v1.size() && begins_alike(prefix, signature_of_v1))
      return proxy_prefix_size;
    return proxy_fault::no_header;
  }
  if (prefix.size() > 12) {
    const auto version_and_command = std::to_integer<unsigned>(prefix[12]);
    if (version_and_command >> 4 != 2)
      return proxy_fault::unsupported_version;
    if ((version_and_command & 0xf) > static_cast<unsigned>(command::proxy))
      return proxy_fault::unknown_command;
  }
  if (prefix.size() < proxy_prefix_size)
    return proxy_prefix_size;
  const auto size = proxy_prefix_size + load_big<std::uint16_t>(&prefix[14]);
  if (size > proxy_header_size_max)
    return proxy_fault::too_long;
  return size;
}

boost::system::result<std::optional<proxy_header>, proxy_fault>
read_proxy_header(byte_view& input) {
  const auto size = proxy_header_size(input);
  if (!size)
    return size.error();
  if (input.size() < proxy_prefix_size)
    return std::nullopt;
  const auto kind = std::to_integer<unsigned>(input[13]);
  const auto is_local = (std::to_integer<unsigned>(input[12]) & 0xf) == 0;
  // What a LOCAL header says about addresses is to be ignored, whatever it is (2.2).
  const auto taken = addresses_size(is_local ? 0 : kind);
  if (!taken)
    return taken.error();
  if (*size - proxy_prefix_size < *taken)
    return proxy_fault::address_too_short;
  if (input.size() < *size)
    return std::nullopt;
  const auto body = input.subspan(proxy_prefix_size, *size - proxy_prefix_size);
  proxy_header read;
  if (!is_local) {
    // Without a family nobody can say where addresses end and extensions begin.
    if (kind != 0 && !are_well_formed(body.subspan(*taken)))
      return proxy_fault::malformed_extension;
    read.source = source_of(kind, body);
  }
  input = input.subspan(*size);
  return read;
}

} // namespace kodama::net
