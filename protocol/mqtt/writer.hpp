#pragma once

#include "protocol/assert.hpp"
#include "protocol/bytes.hpp"
#include "protocol/mqtt/fixed_header.hpp"
#include "protocol/mqtt/properties.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Sinks for the same encoder, so that a packet's length is what its encoding would take: a
/// packet is put into the first to be measured, then into the second to be written.
namespace kodama::mqtt {

class size_counter {
public:
  void u8(std::uint8_t) { size_ += 1; }
  void u16(std::uint16_t) { size_ += 2; }
  void u32(std::uint32_t) { size_ += 4; }
  void raw(byte_view view) { size_ += view.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
  std::size_t size_ = 0;
};

class byte_appender {
public:
  explicit byte_appender(bytes& out)
      : out_{out} {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8U));
    u8(static_cast<std::uint8_t>(value));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value >> 16U));
    u16(static_cast<std::uint16_t>(value));
  }
  void raw(byte_view view) { append(out_, view); }

private:
  bytes& out_;
};

/// Into room that has been measured before.
class byte_writer {
public:
  explicit byte_writer(std::byte* at) noexcept
      : at_{at} {}

  void u8(std::uint8_t value) { *at_++ = static_cast<std::byte>(value); }
  void u16(std::uint16_t value) {
    store_big(at_, value);
    at_ += sizeof value;
  }
  void u32(std::uint32_t value) {
    store_big(at_, value);
    at_ += sizeof value;
  }
  void raw(byte_view view) { at_ = std::copy(view.begin(), view.end(), at_); }
  [[nodiscard]] const std::byte* at() const noexcept { return at_; }

private:
  std::byte* at_;
};

/// A Variable Byte Integer (1.5.5).
template <class Sink>
void put_variable(Sink& out, std::uint32_t value) {
  KODAMA_ASSERT(value <= variable_byte_integer_max);
  for (; value >= 0x80; value >>= 7U)
    out.u8(static_cast<std::uint8_t>(value | 0x80U));
  out.u8(static_cast<std::uint8_t>(value));
}

/// Binary Data (1.5.6).
template <class Sink>
void put(Sink& out, byte_view value) {
  KODAMA_ASSERT(value.size() <= 0xffff);
  out.u16(static_cast<std::uint16_t>(value.size()));
  out.raw(value);
}

/// A UTF-8 Encoded String (1.5.4); that it is one is the owner's business.
template <class Sink>
void put(Sink& out, std::string_view value) {
  put(out, as_bytes(value));
}

template <class Sink>
void put_value(Sink& out, property, bool value) {
  out.u8(value ? 1 : 0);
}
template <class Sink>
void put_value(Sink& out, property, qos value) {
  out.u8(static_cast<std::uint8_t>(value));
}
template <class Sink>
void put_value(Sink& out, property, payload_format value) {
  out.u8(static_cast<std::uint8_t>(value));
}
template <class Sink>
void put_value(Sink& out, property, std::uint16_t value) {
  out.u16(value);
}
template <class Sink>
void put_value(Sink& out, property id, std::uint32_t value) {
  if (id == property::subscription_identifier)
    put_variable(out, value);
  else
    out.u32(value);
}
template <class Sink>
void put_value(Sink& out, property, std::string_view value) {
  put(out, value);
}
template <class Sink>
void put_value(Sink& out, property, byte_view value) {
  put(out, value);
}
template <class Sink>
void put_value(Sink& out, property, const user_property& value) {
  put(out, value.name);
  put(out, value.value);
}

/// Every identifier is below 128, so its Variable Byte Integer is one byte.
template <class Sink, class Value>
void put_property(Sink& out, property id, const Value& value) {
  out.u8(static_cast<std::uint8_t>(id));
  put_value(out, id, value);
}

template <class Sink, class Value>
void put_member(Sink& out, property id, const std::optional<Value>& member) {
  if (member)
    put_property(out, id, *member);
}
template <class Sink, class Value>
void put_member(Sink& out, property id, const std::vector<Value>& member) {
  for (const auto& each : member)
    put_property(out, id, each);
}

} // namespace kodama::mqtt
