#pragma once

#include <cstdint>
#include <string_view>

namespace kodama {

/// Takes one well-formed code point (RFC 3629) off the front of `text`, which is not empty; false
/// where there is none.
[[nodiscard]] bool take_code_point(std::string_view& text, std::uint32_t& code_point) noexcept;

/// Whether all of it is well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// What is left of `text` behind its front of printable ASCII (0x20 to 0x7e): names and topics are
/// nothing else almost always, and need no decoding. Looks at eight letters at a time.
[[nodiscard]] std::string_view without_printable_front(std::string_view text) noexcept;

} // namespace kodama
