#pragma once

#include "sim/faults.hpp"
#include "sim/world.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kodama::apps {

/// Which seeds are run, and how.
struct campaign_options {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  sim::fault_profile profile = sim::fault_profile::swarm;
  unsigned jobs = 1;
  bool check_determinism = false; ///< every seed twice
  std::uint64_t stop_after = 0;   ///< failures; 0: run them all
};

/// One seed that did not pass.
struct failed_seed {
  std::uint64_t seed = 0;
  std::string promise; ///< or "crash", or "determinism"
  std::string text;
};

/// What a campaign, or one worker of it, has found.
struct tally {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  duration simulated{};
  std::uint64_t hash = 0; ///< of all traces, whatever the order in which they were run
  std::map<std::string, std::uint64_t, std::less<>> exercised;
  std::map<std::string, std::uint64_t, std::less<>> faults;
  std::vector<failed_seed> failures;

  void add(const tally& other);
};

struct campaign_result {
  tally total;
  std::chrono::duration<double> took{};
  unsigned jobs = 1;
};

/// Runs the seeds in `jobs` processes of their own, so that a crash costs its seed and no other.
/// `progress` is called now and then with how many seeds are done.
[[nodiscard]] campaign_result
run_campaign(const campaign_options& options,
             const std::function<void(std::uint64_t done, std::size_t failures)>& progress);

/// Runs one seed, twice if asked to; adds what came of it.
void run_seed(std::uint64_t seed, const campaign_options& options, tally& to);

} // namespace kodama::apps
