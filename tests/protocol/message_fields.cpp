#include "message_fields.hpp"

#include <array>
#include <optional>

namespace kodama::message {
namespace {

class line_writer {
public:
  void number(std::string_view name, std::uint64_t value) { line(name, std::to_string(value)); }
  void id(std::string_view name, std::uint64_t value) { number(name, value); }
  void optional_id(std::string_view name, std::uint64_t value) {
    if (value != 0)
      number(name, value);
  }
  void text(std::string_view name, std::string_view value) {
    line(name, '"' + std::string{value} + '"');
  }
  void optional_text(std::string_view name, std::string_view value) {
    if (!value.empty())
      text(name, value);
  }
  void raw(std::string_view name, byte_view value) { line(name, to_hex(value)); }
  void clients(std::string_view name, byte_view value) {
    std::string list;
    for (; value.size() >= 8; value = value.subspan(8))
      list += (list.empty() ? "" : " ") + std::to_string(load_big<std::uint64_t>(value.data()));
    line(name, list);
  }
  template <std::size_t Size>
  void fixed(std::string_view name, const std::array<std::byte, Size>& value) {
    raw(name, value);
  }
  void reason(std::string_view name, errc value) {
    line(name, is_known(value) ? std::string{to_string(value)}
                               : std::to_string(static_cast<std::uint32_t>(value)));
  }
  void event(std::string_view name, presence_event value) {
    line(name, value == presence_event::joined ? "joined" : "left");
  }
  void content_type(std::string_view name, std::uint16_t value) {
    std::array<std::byte, 2> big;
    store_big(big.data(), value);
    line(name, "0x" + to_hex(big));
  }
  void size(std::string_view name, std::size_t value) { optional_id(name, value); }
  template <class Value, class Function>
  void optional(std::optional<Value>& value, Function visit) {
    if (value)
      visit(*value);
  }

  [[nodiscard]] std::string take() { return std::move(lines_); }

private:
  void line(std::string_view name, std::string_view value) {
    lines_.append(name).append(value.empty() ? " =" : " = ").append(value).append("\n");
  }

  std::string lines_;
};

} // namespace

std::string to_lines(const any& what) {
  line_writer out;
  auto copy = what;
  std::visit([&out](auto& m) { visit_fields(m, out); }, copy);
  return out.take();
}

std::string to_hex(byte_view view) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const auto byte : view) {
    hex += digits[std::to_integer<unsigned>(byte) >> 4];
    hex += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return hex;
}

} // namespace kodama::message
