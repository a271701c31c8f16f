// A byte stream from a hostile peer of MQTT. The first byte says who sends (bit 0), in which
// version (bit 1), and where the stream is cut once. Reading it in two pieces has to give what
// reading it at once gives, and whatever decodes has to encode again, to what decodes to itself.

#include "protocol/assert.hpp"
#include "protocol/mqtt/encode.hpp"
#include "protocol/mqtt/packet_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace kodama::mqtt {
namespace {

constexpr std::uint32_t packet_size_max = 4096;

struct setting {
  endpoint sender;
  protocol_version version;
};

struct outcome_of_stream {
  bytes packets; // encoded again
  std::optional<error> failure;

  bool operator==(const outcome_of_stream&) const = default;
};

outcome_of_stream read(const setting& what, const std::vector<byte_view>& pieces) {
  auto reader = what.sender == endpoint::client ? packet_reader{packet_size_max}
                                                : packet_reader{packet_size_max, what.version};
  outcome_of_stream all;
  for (const auto piece : pieces) {
    // From memory of its own, so that reading past its end, or later, is noticed.
    const bytes arrived{piece.begin(), piece.end()};
    reader.feed(arrived);
    for (auto next = reader.next(); !all.failure; next = reader.next()) {
      if (!next)
        all.failure = next.error();
      else if (!*next)
        break;
      else
        KODAMA_ASSERT(encode(all.packets, **next, {.version = *reader.version()}));
    }
  }
  return all;
}

} // namespace
} // namespace kodama::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kodama;
  using namespace kodama::mqtt;
  if (size == 0)
    return 0;
  const setting what{data[0] & 1U ? endpoint::server : endpoint::client,
                     data[0] & 2U ? protocol_version::v5 : protocol_version::v3_1_1};
  const auto stream = std::as_bytes(std::span{data, size}).subspan(1);
  const auto cut = std::min<std::size_t>(data[0] >> 2U, stream.size());
  const auto at_once = read(what, {stream});
  KODAMA_ASSERT(at_once == read(what, {stream.first(cut), stream.subspan(cut)}));
  const auto again = read(what, {at_once.packets});
  KODAMA_ASSERT(!again.failure && again.packets == at_once.packets);
  return 0;
}
