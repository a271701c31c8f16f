#pragma once

#include "packet_generator.hpp"
#include "packet_text.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/packet_reader.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kodama::mqtt {

/// What reading a stream gave.
struct reading {
  std::vector<std::string> packets;
  std::optional<error> failure;

  bool operator==(const reading&) const = default;
};

inline packet_reader reader_of(endpoint sender, protocol_version version,
                               std::uint32_t packet_size_max = packet_size_limit) {
  return sender == endpoint::client ? packet_reader{packet_size_max}
                                    : packet_reader{packet_size_max, version};
}

/// Feeds a piece from memory of its own, as a socket's buffer would be, so that a view that
/// outlives its feed is caught by the sanitizer.
inline void feed(packet_reader& reader, byte_view piece, reading& into) {
  const bytes arrived{piece.begin(), piece.end()};
  reader.feed(arrived);
  while (true) {
    const auto next = reader.next();
    if (!next) {
      into.failure = next.error();
      return;
    }
    if (!*next)
      return;
    into.packets.push_back(std::string{name_of(type_of(**next))} + '\n' + packet_text::of(**next));
  }
}

inline reading read_at_once(packet_reader reader, byte_view stream) {
  reading all;
  feed(reader, stream, all);
  return all;
}

inline bytes encoded(const packet& what, protocol_version version) {
  bytes out;
  if (!encode(out, what, {.version = version}))
    out.clear();
  return out;
}

/// A client's stream begins with CONNECT.
inline std::vector<packet> draw_packets(packet_generator& generator, endpoint sender) {
  std::vector<packet> all;
  if (sender == endpoint::client)
    all.push_back(generator.draw_connect());
  for (auto count = *rc::gen::inRange(0, 5); count != 0; --count)
    all.push_back(generator.draw());
  return all;
}

inline bytes encoded(const std::vector<packet>& packets, protocol_version version) {
  bytes stream;
  for (const auto& each : packets)
    append(stream, encoded(each, version));
  return stream;
}

inline protocol_version draw_version() {
  return *rc::gen::element(protocol_version::v3_1_1, protocol_version::v5);
}

inline endpoint draw_endpoint() {
  return *rc::gen::element(endpoint::client, endpoint::server);
}

} // namespace kodama::mqtt
