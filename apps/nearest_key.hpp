#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::apps {

/// How many single letters have to be inserted, removed, replaced or swapped with their neighbour
/// to make one of the other.
[[nodiscard]] std::size_t edit_distance(std::string_view one, std::string_view other);

/// What was probably meant by `written`: the candidate that is nearest, if any is near enough. A
/// right name in the wrong table is near: "message_size_max" means "limits.message_size_max".
[[nodiscard]] std::optional<std::string> nearest_key(std::string_view written,
                                                     const std::vector<std::string>& candidates);

} // namespace kodama::apps
