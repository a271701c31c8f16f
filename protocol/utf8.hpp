#pragma once

#include <cstdint>
#include <string_view>

namespace kodama {

/// Takes one well-formed code point (RFC 3629) off the front of `text`, which is not empty; false
/// where there is none.
[[nodiscard]] bool take_code_point(std::string_view& text, std::uint32_t& code_point) noexcept;

/// Whether all of it is well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

} // namespace kodama
