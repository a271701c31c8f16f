// A byte stream from a hostile peer, cut once where its first byte says. Reading it in two pieces
// has to give what reading it at once gives, and whatever decodes has to encode again.

#include "protocol/assert.hpp"
#include "protocol/message_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kodama {
namespace {

constexpr decode_limits limits{.message_size_max = 4096, .sections_max = 8};

struct outcome {
  bytes messages; // encoded again
  boost::system::error_code error;

  bool operator==(const outcome&) const = default;
};

/// From memory of its own, so that reading past its end, or later, is noticed.
void feed(message_reader& reader, byte_view piece, outcome& into) {
  const bytes arrived{piece.begin(), piece.end()};
  reader.feed(arrived);
  while (true) {
    const auto next = reader.next();
    if (!next) {
      into.error = next.error();
      return;
    }
    if (!*next)
      return;
    message::encode(into.messages, (*next)->body, (*next)->header.timestamp);
  }
}

outcome read(const std::vector<byte_view>& pieces) {
  message_reader reader{limits};
  outcome all;
  for (const auto piece : pieces)
    feed(reader, piece, all);
  return all;
}

} // namespace
} // namespace kodama

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kodama;
  if (size == 0)
    return 0;
  const auto stream = std::as_bytes(std::span{data, size}).subspan(1);
  const auto cut = std::min<std::size_t>(data[0], stream.size());
  const auto at_once = read({stream});
  KODAMA_ASSERT(at_once == read({stream.first(cut), stream.subspan(cut)}));
  // What was encoded again is canonical: it decodes, and to itself.
  const auto again = read({at_once.messages});
  KODAMA_ASSERT(!again.error && again.messages == at_once.messages);
  return 0;
}
