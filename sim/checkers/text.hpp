#pragma once

#include "protocol/time.hpp"

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>

namespace kodama::sim::checkers {

namespace detail {

inline void append(std::string& to, std::string_view piece) {
  to += piece;
}

template <std::integral Number>
void append(std::string& to, Number piece) {
  to += std::to_string(piece);
}

inline void append(std::string& to, duration piece) {
  to +=
      std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(piece).count()) + " µs";
}

/// As traces count time: from the beginning of the run.
inline void append(std::string& to, instant piece) {
  append(to, piece.time_since_epoch());
}

} // namespace detail

/// The pieces in a row: strings, numbers, durations and instants.
template <class... Pieces>
[[nodiscard]] std::string text(const Pieces&... pieces) {
  std::string all;
  (detail::append(all, pieces), ...);
  return all;
}

} // namespace kodama::sim::checkers
