#pragma once

#include <cstddef>

namespace kodama::apps {

/// Bytes of the longest token that CONNECT TOKEN has room for, with all that may ever go with it: a
/// connection that cannot be resumed would be no better than none.
[[nodiscard]] std::size_t token_size_max();

} // namespace kodama::apps
