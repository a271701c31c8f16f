#include "apps/token_size.hpp"

#include "protocol/message.hpp"
#include "protocol/tlv.hpp"

#include <string>

namespace kodama::apps {

std::size_t token_size_max() {
  /// What a CONNECT TOKEN has at most, whatever the server's limits are (docs/protocol.md, Limits).
  constexpr std::size_t connect_size_max = 4096;
  const std::string shortest = "x";
  message::connect_token whole;
  whole.token = shortest;
  whole.resume = message::resume_point{};
  whole.random = message::datagram_random{};
  bytes written;
  message::encode(written, whole, 0);
  return connect_size_max - (written.size() - padded(shortest.size()));
}

} // namespace kodama::apps
