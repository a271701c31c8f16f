#pragma once

#include "protocol/time.hpp"
#include "sim/random.hpp"

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace kodama::sim {

/// In the largest of s, ms, us and ns of which there is at least one, with as many decimals as it
/// takes to be exact: "20s", "1.5s", "250ms", "166.000768ms".
[[nodiscard]] std::string show(duration d);
/// In percent, with as few decimals as read back to the same: "10%", "0.0016%".
[[nodiscard]] std::string show(probability p);

/// What a number may be: by default whatever its type can hold.
struct number_range {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};
/// "at most 2", "at least 1", "1 to 65535".
[[nodiscard]] std::string to_string(const number_range& of);

/// One line of a text that people edit, word by word. What stands behind a '#' is a comment.
///
/// Every reading function returns false when it finds something else; the first of them to do so
/// leaves behind where that was, and what was expected there.
class line_reader {
public:
  explicit line_reader(std::string_view line)
      : line_{line.substr(0, line.find('#'))}
      , rest_{line_} {}

  /// The next word, empty at the end.
  std::string_view word();
  /// The next word without taking it.
  [[nodiscard]] std::string_view ahead() const { return line_reader{*this}.word(); }
  bool word(std::string_view expected) {
    return word() == expected || fail('"' + std::string{expected} + '"');
  }
  template <std::unsigned_integral Number>
  bool number(Number& to) {
    const auto text = word();
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
    return (failed == std::errc{} && end == text.data() + text.size()) ||
           fail("a whole number that is not too large");
  }
  template <std::unsigned_integral Number>
  bool number(Number& to, const number_range& allowed) {
    return number(to) && ((to >= allowed.least && to <= allowed.most) || fail(to_string(allowed)));
  }
  /// At most ten years, to the nanosecond.
  bool time(duration& to);
  /// "10%", or "6554/65536".
  bool share(probability& to);
  bool end() { return word().empty() || fail("the end of the line"); }

  bool fail(std::string_view expected) {
    if (expected_.empty())
      expected_ = expected;
    return false;
  }
  /// Of the last word that was read, from 1.
  [[nodiscard]] std::size_t column() const noexcept { return at_ + 1; }
  [[nodiscard]] const std::string& expected() const noexcept { return expected_; }

private:
  std::string_view line_;
  std::string_view rest_;
  std::size_t at_ = 0;
  std::string expected_;
};

} // namespace kodama::sim
