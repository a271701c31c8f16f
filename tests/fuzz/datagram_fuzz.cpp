#include "protocol/assert.hpp"
#include "protocol/datagram_channel.hpp"

#include <cstddef>
#include <cstdint>

namespace {

using kodama::datagram_channel;

/// The randoms and the path of tests/protocol/vectors/datagram.txt, so that the authentic seeds get
/// as far as the window.
datagram_channel make_channel(datagram_channel::side ours) {
  kodama::message::datagram_random client{};
  kodama::message::datagram_random server{};
  for (std::size_t i = 0; i != client.size(); ++i) {
    client[i] = static_cast<std::byte>(i);
    server[i] = static_cast<std::byte>(0xe0 + i);
  }
  return {ours, 0x0123456789abcdef, client, server};
}

} // namespace

// Whatever arrives: nothing is read out of bounds, nothing is accepted twice, and junk, however
// much of it, never keeps out what the peer really sent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto peer = make_channel(datagram_channel::side::client);
  auto ours = make_channel(datagram_channel::side::server);
  const kodama::byte_view input{reinterpret_cast<const std::byte*>(data), size};

  const bool accepted = ours.open(input).has_value();
  KODAMA_ASSERT(!ours.open(input).has_value());

  kodama::bytes real;
  peer.seal(real, input.first(size < 1000 ? size : 1000));
  // The peer's first number; only an authentic datagram may have used it up or moved past it.
  KODAMA_ASSERT(accepted || ours.open(real).has_value());
  return 0;
}
