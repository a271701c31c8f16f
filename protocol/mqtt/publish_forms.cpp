#include "protocol/mqtt/publish_forms.hpp"

#include "protocol/assert.hpp"
#include "protocol/mqtt/writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>

namespace kodama::mqtt {
namespace {

constexpr std::string_view prefix = "kodama/";
constexpr std::size_t digits = 4;

template <class Sink>
void put_shared(Sink& out, const publish_properties& properties) {
  publish_properties::each_shared(
      properties, [&](property id, const auto& member) { put_member(out, id, member); });
}

std::uint32_t shared_size_of(const publish_properties& properties) {
  size_counter counter;
  put_shared(counter, properties);
  return static_cast<std::uint32_t>(counter.size());
}

} // namespace

std::string to_content_type(std::uint16_t user_section) {
  char text[prefix.size() + digits + 1];
  std::snprintf(text, sizeof text, "kodama/%04x", static_cast<unsigned>(user_section));
  return text;
}

std::uint16_t to_user_section(std::string_view content_type) noexcept {
  if (content_type.size() != prefix.size() + digits || !content_type.starts_with(prefix))
    return user_section_first;
  const auto number = content_type.substr(prefix.size());
  std::uint16_t value = 0;
  const auto read = std::from_chars(number.data(), number.data() + digits, value, 16);
  const bool is_whole = read.ec == std::errc{} && read.ptr == number.data() + digits;
  return is_whole && value >= user_section_first ? value : user_section_first;
}

std::size_t publish_forms::size_of(const publish& what) {
  return 2 + what.topic.size() + shared_size_of(what.properties) + what.payload.size();
}

void publish_forms::add(const publish& what, instant expires_at) {
  const auto shared = shared_size_of(what.properties);
  KODAMA_ASSERT(version_ == protocol_version::v5 || shared == 0);
  const auto topic_size = static_cast<std::uint32_t>(2 + what.topic.size());
  std::size_t length = topic_size + shared + what.payload.size();
  if (version_ == protocol_version::v5)
    length += variable_size(shared);
  KODAMA_ASSERT(length <= variable_byte_integer_max);
  const auto head = 1 + variable_size(static_cast<std::uint32_t>(length));
  const auto start = bytes_.size();
  KODAMA_ASSERT(start + head + length <= std::numeric_limits<std::uint32_t>::max());
  bytes_.resize(start + head + length);
  byte_writer out{bytes_.data() + start};
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(packet_type::publish) << 4U));
  put_variable(out, static_cast<std::uint32_t>(length));
  put(out, what.topic);
  if (version_ == protocol_version::v5) {
    put_variable(out, shared);
    put_shared(out, what.properties);
  }
  out.raw(what.payload);
  KODAMA_ASSERT(out.at() == bytes_.data() + bytes_.size());

  entry made;
  made.expires_at = expires_at;
  made.start = static_cast<std::uint32_t>(start);
  made.topic = static_cast<std::uint32_t>(start + head);
  made.tail = static_cast<std::uint32_t>(bytes_.size() - what.payload.size() - shared);
  made.topic_size = topic_size;
  made.shared_size = shared;
  made.user_section = what.properties.content_type ? to_user_section(*what.properties.content_type)
                                                   : user_section_first;
  made.retain = what.retain;
  entries_.push_back(made);
  expire_ |= expires_at != never;
  largest_ = std::max(largest_, static_cast<std::uint32_t>(head + length));
  size_ += topic_size + shared + what.payload.size();
}

void publish_forms::add(const message::publish& what) {
  publish said;
  said.topic = what.topic;
  said.payload = what.content;
  std::string type;
  if (what.content_type != user_section_first) {
    type = to_content_type(what.content_type);
    said.properties.content_type = type;
  }
  add(said, never);
}

void publish_forms::add(const publish_forms& others, std::size_t index) {
  KODAMA_ASSERT(version_ == others.version_);
  auto made = others.entries_[index];
  const auto from = others.packets(index, 1);
  const auto moved = static_cast<std::uint32_t>(bytes_.size()) - made.start;
  made.start += moved;
  made.topic += moved;
  made.tail += moved;
  append(bytes_, from);
  entries_.push_back(made);
  expire_ |= made.expires_at != never;
  largest_ = std::max(largest_, static_cast<std::uint32_t>(from.size()));
  size_ += image(size() - 1).size();
}

publish_image publish_forms::image(std::size_t index) const noexcept {
  const auto& each = entries_[index];
  const byte_view all{bytes_};
  return {all.subspan(each.topic, each.topic_size),
          all.subspan(each.tail, end_of(index) - each.tail), each.shared_size};
}

void publish_forms::set_expires_at(std::size_t index, instant at) {
  entries_[index].expires_at = at;
  expire_ |= at != never;
}

message::publish publish_forms::to_native(std::size_t index) const {
  const auto from = image(index);
  message::publish out;
  out.topic = from.topic();
  out.content_type = entries_[index].user_section;
  out.content = from.payload();
  return out;
}

byte_view publish_forms::packets(std::size_t first, std::size_t count) const noexcept {
  if (count == 0)
    return {};
  const auto start = entries_[first].start;
  return byte_view{bytes_}.subspan(start, end_of(first + count - 1) - start);
}

std::size_t publish_forms::count_to_fill(std::size_t first, std::size_t count,
                                         std::size_t room) const noexcept {
  if (packets(first, count).size() <= room)
    return count;
  const auto from = entries_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto enough =
      std::lower_bound(from, from + static_cast<std::ptrdiff_t>(count), from->start + room,
                       [](const entry& each, std::size_t wanted) { return each.start < wanted; });
  return static_cast<std::size_t>(enough - from);
}

std::uint32_t publish_forms::end_of(std::size_t index) const noexcept {
  return index + 1 < entries_.size() ? entries_[index + 1].start
                                     : static_cast<std::uint32_t>(bytes_.size());
}

} // namespace kodama::mqtt
