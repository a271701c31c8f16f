#pragma once

#include "protocol/time.hpp"
#include "sim/failure.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::apps {

/// One seed that did not pass.
struct failed_seed {
  std::uint64_t seed = 0;
  sim::failure how;
};

/// All seeds that failed in the same way: one finding, however often it was made.
struct finding {
  std::uint64_t count = 0;
  std::vector<failed_seed> seeds; ///< the lowest ones, in their order

  /// The lowest seed's.
  [[nodiscard]] const failed_seed& first() const { return seeds.front(); }
};

/// So many seeds of a finding are listed and kept: the next thousand would say nothing new.
inline constexpr std::size_t listed_seeds_max = 20;

/// What a campaign, or a part of it, has found. Sums of parts are the same in whatever order they
/// are added.
struct tally {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  duration simulated{};
  std::uint64_t hash = 0; ///< of all traces
  std::map<std::string, std::uint64_t, std::less<>> exercised;
  std::map<std::string, std::uint64_t, std::less<>> faults;
  std::map<std::string, finding, std::less<>> findings; ///< by the failure's shape

  void add(const tally& other);
  void add_failure(const failed_seed& failed);
  [[nodiscard]] std::uint64_t failures() const;
};

/// As lines of words, for pipes and files:
///
///     seeds|events|simulated|hash NUMBER
///     exercised|fault NAME NUMBER
///     finding COUNT SHAPE
///     failed SEED PROMISE TEXT
[[nodiscard]] std::string to_text(const tally& what);
/// Adds what one line says; false when it is none of these.
[[nodiscard]] bool take_line(tally& to, std::string_view line);

} // namespace kodama::apps
