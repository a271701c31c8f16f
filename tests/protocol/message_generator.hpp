#pragma once

#include "message_fields.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace kodama::message {

/// Fills messages with arbitrary values, and keeps alive what they borrow. To be used within a
/// RapidCheck property, which then shrinks what was drawn.
class generator {
public:
  template <class Message>
  [[nodiscard]] Message draw() {
    Message m;
    visit_fields(m, *this);
    if constexpr (std::is_same_v<Message, publish>) {
      (*rc::gen::arbitrary<bool>() ? m.id : m.unreliable) = 0;
      auto& kept = m.id != 0 ? m.id : m.unreliable;
      if (m.id == 0 && m.unreliable == 0)
        kept = 1;
    }
    if constexpr (std::is_same_v<Message, connect_token>)
      m.version = protocol_version; // of another one nothing else is decoded
    return m;
  }

  /// One message of every struct there is, in the order of the variant.
  [[nodiscard]] std::vector<any> draw_each() {
    return draw_each(std::make_index_sequence<std::variant_size_v<any>>{});
  }

  [[nodiscard]] any draw_any() {
    auto each = draw_each();
    return each[*rc::gen::inRange<std::size_t>(0, each.size())];
  }

  template <std::unsigned_integral Number>
  void number(std::string_view, Number& to) {
    // RapidCheck's sizes favour small numbers; the upper bytes must not be lost unnoticed.
    to = *rc::gen::oneOf(rc::gen::arbitrary<Number>(),
                         rc::gen::inRange<Number>(static_cast<Number>(Number(-1) / 2), Number(-1)));
  }
  void id(std::string_view name, std::uint64_t& to) {
    number(name, to);
    to = std::max<std::uint64_t>(to, 1);
  }
  void optional_id(std::string_view name, std::uint64_t& to) { number(name, to); }
  void text(std::string_view, std::string_view& to) { to = as_text(draw_bytes()); }
  void optional_text(std::string_view name, std::string_view& to) { text(name, to); }
  void raw(std::string_view, byte_view& to) { to = draw_bytes(); }
  void clients(std::string_view, byte_view& to) {
    to = draw_bytes();
    to = to.first(to.size() / 8 * 8);
  }
  template <std::size_t Size>
  void fixed(std::string_view, std::array<std::byte, Size>& to) {
    for (auto& byte : to)
      byte = static_cast<std::byte>(*rc::gen::inRange<unsigned>(0, 256));
  }
  void reason(std::string_view, errc& to) { to = static_cast<errc>(*rc::gen::inRange(0, 40)); }
  void event(std::string_view, presence_event& to) {
    to = *rc::gen::element(presence_event::joined, presence_event::left);
  }
  void content_type(std::string_view, std::uint16_t& to) {
    to = static_cast<std::uint16_t>(*rc::gen::inRange<unsigned>(user_section_first, 0x10000));
  }
  void size(std::string_view, std::size_t& to) { to = *rc::gen::inRange<std::size_t>(0, 1500); }
  template <class Value, class Function>
  void optional(std::optional<Value>& value, Function visit) {
    if (*rc::gen::arbitrary<bool>())
      visit(value.emplace());
  }

private:
  template <std::size_t... Index>
  std::vector<any> draw_each(std::index_sequence<Index...>) {
    return {any{draw<std::variant_alternative_t<Index, any>>()}...};
  }

  byte_view draw_bytes() {
    const auto drawn = *rc::gen::arbitrary<std::vector<unsigned char>>();
    kept_.push_back(std::make_unique<bytes>());
    for (const auto byte : drawn)
      kept_.back()->push_back(static_cast<std::byte>(byte));
    return *kept_.back();
  }

  std::vector<std::unique_ptr<bytes>> kept_;
};

} // namespace kodama::message
