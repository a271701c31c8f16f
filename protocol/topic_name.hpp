#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <string_view>

namespace kodama {

/// Whether `name` may be published to and subscribed to: 1 to `length_max` bytes of well-formed
/// UTF-8 (RFC 3629) without control characters (U+0000–U+001F, U+007F–U+009F), without the
/// wildcards '+' and '#' (reserved for filters), and not beginning with '$' (reserved for the
/// server). Levels are separated by '/', which only filters tell apart.
///
/// invalid_topic or topic_too_long otherwise.
[[nodiscard]] result<void> check_topic_name(std::string_view name, std::size_t length_max);

/// Whether `filter` may be subscribed to: a topic name, or a filter with wildcards. '+' takes up
/// one whole level; '#' takes up the last one and stands for any number of levels, also for none.
/// A filter has at most 128 levels, and for the rest is made as a name is.
///
/// invalid_topic or topic_too_long otherwise.
[[nodiscard]] result<void> check_topic_filter(std::string_view filter, std::size_t length_max);

} // namespace kodama
