#include "sim/witness.hpp"

#include "protocol/bytes.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

constexpr std::size_t tag_size = 12;
constexpr std::uint32_t magic = 0x6b6f6461; // "koda"

} // namespace

bytes tagged_content(message_tag tag, std::size_t size) {
  bytes content(std::max(size, tag_size));
  store_big(content.data(), magic);
  store_big(content.data() + 4, tag.user);
  store_big(content.data() + 8, tag.number);
  // Recognisable when it turns up where it should not.
  for (std::size_t i = tag_size; i < content.size(); ++i)
    content[i] = static_cast<std::byte>(tag.number + i);
  return content;
}

std::optional<message_tag> tag_of(byte_view content) {
  if (content.size() < tag_size || load_big<std::uint32_t>(content.data()) != magic)
    return std::nullopt;
  const message_tag tag{load_big<std::uint32_t>(content.data() + 4),
                        load_big<std::uint32_t>(content.data() + 8)};
  for (std::size_t i = tag_size; i < content.size(); ++i)
    if (content[i] != static_cast<std::byte>(tag.number + i))
      return std::nullopt;
  return tag;
}

} // namespace kodama::sim
