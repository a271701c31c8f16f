// The sections of one message; the first byte is the limit of their number. Whatever parses lies
// within the input, each section apart from the others.

#include "protocol/assert.hpp"
#include "protocol/tlv.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kodama;
  if (size == 0)
    return 0;
  const bytes sections(std::as_bytes(std::span{data, size}).begin() + 1,
                       std::as_bytes(std::span{data, size}).end());
  const auto index = section_index::parse(sections, data[0]);
  if (!index) {
    KODAMA_ASSERT(index.error() == errc::malformed_message ||
                  index.error() == errc::too_many_sections);
    return 0;
  }
  std::size_t occupied = 0;
  const auto take = [&](byte_view value) {
    occupied += section_size(value.size());
    KODAMA_ASSERT(value.data() >= sections.data());
    KODAMA_ASSERT(value.data() + value.size() <= sections.data() + sections.size());
  };
  for (std::uint16_t type = 0x1000; type != 0x1020; ++type) {
    const auto known = static_cast<section_type>(type);
    if (index->has(known))
      take(index->value(known).value());
    KODAMA_ASSERT(index->u32(known).has_value() ==
                  (index->has(known) && index->value(known)->size() == 4));
    KODAMA_ASSERT(index->u64(known).has_value() ==
                  (index->has(known) && index->value(known)->size() == 8));
  }
  if (index->user())
    take(index->user()->value);
  KODAMA_ASSERT(occupied <= sections.size());
  return 0;
}
