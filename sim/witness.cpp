#include "sim/witness.hpp"

#include "protocol/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace kodama::sim {
namespace {

constexpr std::size_t tag_size = 12;
constexpr std::uint32_t magic = 0x6b6f6461; // "koda"

int filling(message_tag tag) {
  return static_cast<int>(tag.number & 0xff);
}

} // namespace

bytes tagged_content(message_tag tag, std::size_t size) {
  bytes content(std::max(size, tag_size));
  store_big(content.data(), magic);
  store_big(content.data() + 4, tag.user);
  store_big(content.data() + 8, tag.number);
  // Recognisable when it turns up where it should not.
  std::memset(content.data() + tag_size, filling(tag), content.size() - tag_size);
  return content;
}

std::optional<message_tag> tag_of(byte_view content) {
  if (content.empty())
    return empty_message;
  if (content.size() < tag_size || load_big<std::uint32_t>(content.data()) != magic)
    return std::nullopt;
  const message_tag tag{load_big<std::uint32_t>(content.data() + 4),
                        load_big<std::uint32_t>(content.data() + 8)};
  const auto rest = content.subspan(tag_size);
  // All alike, if the first is right and each equals the one before it.
  const bool is_whole =
      rest.empty() || (std::to_integer<int>(rest.front()) == filling(tag) &&
                       std::memcmp(rest.data(), rest.data() + 1, rest.size() - 1) == 0);
  return is_whole ? std::optional{tag} : std::nullopt;
}

} // namespace kodama::sim
