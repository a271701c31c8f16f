#include "protocol/tlv.hpp"

#include "protocol/assert.hpp"

namespace kodama {

result<std::optional<message_header>> read_header(byte_view input, const decode_limits& limits) {
  if (input.size() < message_header_size)
    return std::nullopt;
  message_header header;
  header.type = static_cast<message_type>(load_big<std::uint16_t>(input.data()));
  header.length = load_big<std::uint32_t>(input.data() + 4);
  header.timestamp = load_big<std::uint32_t>(input.data() + 8);
  // Judged before the body arrives: waiting for it would let any peer make us buffer 4 GiB by
  // sending twelve bytes.
  if (header.message_size() > limits.message_size_max)
    return errc::message_too_long;
  if (header.length % 4 != 0)
    return errc::malformed_message;
  return header;
}

namespace {

/// Cuts the section off that `sections` begins with; none where it goes beyond their end.
std::optional<section> take_section(byte_view& sections) noexcept {
  if (sections.size() < section_header_size)
    return std::nullopt;
  const auto type = load_big<std::uint16_t>(sections.data());
  const std::size_t size = load_big<std::uint32_t>(sections.data() + 4);
  if (size > sections.size() - section_header_size ||
      padded(size) > sections.size() - section_header_size)
    return std::nullopt;
  const auto value = sections.subspan(section_header_size, size);
  sections = sections.subspan(section_size(size));
  return section{type, value};
}

} // namespace

std::optional<byte_view> find_first(byte_view sections, section_type type) noexcept {
  while (const auto next = take_section(sections))
    if (next->type == static_cast<std::uint16_t>(type))
      return next->value;
  return std::nullopt;
}

result<section_index> section_index::parse(byte_view sections, std::uint32_t sections_max) {
  section_index index;
  index.sections_ = sections;
  std::uint32_t count = 0;
  while (!sections.empty()) {
    const auto next = take_section(sections);
    if (!next)
      return errc::malformed_message;
    if (++count > sections_max)
      return errc::too_many_sections;
    const auto [type, value] = *next;
    if (type >= user_section_first) {
      if (index.user_)
        return errc::malformed_message;
      index.user_ = *next;
    } else if (type >= known_first && type < known_first + known_count) {
      const auto slot = static_cast<std::size_t>(type - known_first);
      if ((index.present_ >> slot & 1U) != 0)
        return errc::malformed_message;
      index.present_ |= std::uint32_t{1} << slot;
      index.places_[slot] = {static_cast<std::uint32_t>(value.data() - index.sections_.data()),
                             static_cast<std::uint32_t>(value.size())};
    }
  }
  return index;
}

bool section_index::has(section_type type) const noexcept {
  return (present_ >> (static_cast<std::uint16_t>(type) - known_first) & 1U) != 0;
}

result<byte_view> section_index::value(section_type type) const {
  if (!has(type))
    return errc::malformed_message;
  const auto [at, size] = places_[static_cast<std::uint16_t>(type) - known_first];
  return sections_.subspan(at, size);
}

result<std::uint32_t> section_index::u32(section_type type) const {
  const auto found = value(type);
  if (!found || found->size() != 4)
    return errc::malformed_message;
  return load_big<std::uint32_t>(found->data());
}

result<std::uint64_t> section_index::u64(section_type type) const {
  const auto found = value(type);
  if (!found || found->size() != 8)
    return errc::malformed_message;
  return load_big<std::uint64_t>(found->data());
}

result<std::string_view> section_index::text(section_type type) const {
  const auto found = value(type);
  if (!found)
    return found.error();
  return as_text(*found);
}

result<std::uint32_t> section_index::u32_or(section_type type, std::uint32_t fallback) const {
  return has(type) ? u32(type) : result<std::uint32_t>{fallback};
}

result<std::uint64_t> section_index::u64_or(section_type type, std::uint64_t fallback) const {
  return has(type) ? u64(type) : result<std::uint64_t>{fallback};
}

result<std::string_view> section_index::text_or_empty(section_type type) const {
  return has(type) ? text(type) : result<std::string_view>{std::string_view{}};
}

message_writer::message_writer(bytes& out, message_type type, std::uint32_t timestamp)
    : out_{out}
    , start_{out.size()} {
  out_.resize(start_ + message_header_size);
  std::byte* header = out_.data() + start_;
  store_big(header, static_cast<std::uint16_t>(type));
  store_big(header + 8, timestamp);
}

message_writer& message_writer::u32(section_type type, std::uint32_t value) {
  store_big(append_section(static_cast<std::uint16_t>(type), 4), value);
  return *this;
}

message_writer& message_writer::u64(section_type type, std::uint64_t value) {
  store_big(append_section(static_cast<std::uint16_t>(type), 8), value);
  return *this;
}

message_writer& message_writer::text(section_type type, std::string_view value) {
  return raw(type, as_bytes(value));
}

message_writer& message_writer::raw(section_type type, byte_view value) {
  std::byte* to = append_section(static_cast<std::uint16_t>(type), value.size());
  if (!value.empty())
    std::memcpy(to, value.data(), value.size());
  return *this;
}

message_writer& message_writer::user(std::uint16_t type, byte_view value) {
  KODAMA_ASSERT(type >= user_section_first);
  return raw(static_cast<section_type>(type), value);
}

void message_writer::finish() {
  const auto length = out_.size() - start_ - message_header_size;
  store_big(out_.data() + start_ + 4, static_cast<std::uint32_t>(length));
}

std::byte* message_writer::append_section(std::uint16_t type, std::size_t size) {
  const auto at = out_.size();
  out_.resize(at + section_size(size)); // zero-filled: padding and reserved bytes need no care
  store_big(out_.data() + at, type);
  store_big(out_.data() + at + 4, static_cast<std::uint32_t>(size));
  return out_.data() + at + section_header_size;
}

void patch_timestamp(std::byte* message, std::uint32_t timestamp) noexcept {
  store_big(message + 8, timestamp);
}

} // namespace kodama
