#pragma once

#include "apps/tally.hpp"
#include "apps/units.hpp"
#include "protocol/result.hpp"
#include "sim/drawing.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace kodama::apps {

/// One less than the largest number: the one behind the last seed is a number, too.
inline constexpr std::uint64_t seed_max = std::numeric_limits<std::uint64_t>::max() - 1;

struct seed_range {
  std::uint64_t first = 1;
  std::uint64_t last = 1000; ///< this one, too; at most seed_max

  bool operator==(const seed_range&) const = default;
};

/// Which seeds are run, and how.
struct campaign_options {
  seed_range seeds;
  sim::drawing drawn; ///< what a seed means
  unsigned jobs = 1;
  bool check_determinism = false; ///< every seed twice
};

/// How far a campaign has come: all there is to know to go on with it.
struct campaign_state {
  std::uint64_t next = 1;       ///< nobody has begun with this one or a later one
  std::vector<seed_range> open; ///< begun or put back, and to be run again
  tally found;
  std::chrono::duration<double> took{};
  bool is_done = false; ///< all seeds were run
  /// Why no further process could be started: then what was begun is finished, and that is all.
  boost::system::error_code trouble;
};

/// Runs seeds, some at a time, in `jobs` processes, so that a crash costs its seed and no other.
/// `may_go_on` is called before the first one and then several times a second; once it says no,
/// what was begun is finished.
[[nodiscard]] campaign_state
run_campaign(const campaign_options& options, campaign_state from,
             const std::function<bool(const campaign_state&)>& may_go_on);

/// Runs one seed, twice if asked to; adds what came of it.
void run_seed(std::uint64_t seed, const campaign_options& options, tally& to);

/// The state and what it belongs to, as a file.
[[nodiscard]] std::string to_text(const campaign_options& options, const campaign_state& state);

struct saved_campaign {
  campaign_options options;
  campaign_state state;
};
/// A refusal names the line and what was expected there.
[[nodiscard]] parsed<saved_campaign> parse_campaign(std::string_view text);

/// A fault that must be noticed: in the canary's worlds each user misses one message for certain.
struct canary_result {
  std::uint64_t seeds = 0; ///< that were tried; the last one was caught, if any was
  std::optional<sim::failure> caught;
};
/// More seeds than that without catching it: the campaign sees nothing.
inline constexpr std::uint64_t canary_seeds_max = 20;
/// An error when no process can be started.
[[nodiscard]] result<canary_result> run_canary(const campaign_options& options);

} // namespace kodama::apps
