#include "apps/nearest_key.hpp"

#include <algorithm>
#include <numeric>

namespace kodama::apps {
namespace {

std::string_view last_part(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

/// A third of the letters may be wrong, and never so few that any short word would do.
std::size_t near_enough(std::string_view written) {
  return std::max<std::size_t>(1, written.size() / 3);
}

} // namespace

std::size_t edit_distance(std::string_view one, std::string_view other) {
  // Rows of the usual table: distances of all beginnings of `other` to one of `one`.
  std::vector<std::size_t> before_last(other.size() + 1), last(other.size() + 1),
      row(other.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const bool same = one[i - 1] == other[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last.back();
}

std::optional<std::string> nearest_key(std::string_view written,
                                       const std::vector<std::string>& candidates) {
  std::optional<std::string> nearest;
  auto least = near_enough(written) + 1;
  const auto name = last_part(written);
  for (const auto& each : candidates) {
    auto distance = edit_distance(written, each);
    if (const auto by_name = edit_distance(name, last_part(each)); by_name <= near_enough(name))
      distance = std::min(distance, by_name + 1);
    if (distance < least) {
      least = distance;
      nearest = each;
    }
  }
  return nearest;
}

} // namespace kodama::apps
