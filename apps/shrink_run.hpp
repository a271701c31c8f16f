#pragma once

#include "apps/units.hpp"
#include "protocol/result.hpp"
#include "sim/drawing.hpp"
#include "sim/failure.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kodama::apps {

/// What is to be read in a scenario, in numbers.
struct extent {
  std::size_t users = 0;
  std::size_t operations = 0;
  std::size_t faults = 0; ///< strikes, and kinds of chance that are on
};
[[nodiscard]] extent extent_of(const sim::scenario& what);
/// "2 users, 5 operations, 1 fault"
[[nodiscard]] std::string to_text(const extent& of);

struct shrink_options {
  duration at_most = std::chrono::seconds{30};
  unsigned jobs = 1;
  bool show = false; ///< progress, on stderr
};

struct shrink_outcome {
  sim::failure how; ///< in the words of the smallest one
  sim::scenario smallest;
  std::uint64_t tried = 0;
  std::chrono::duration<double> took{};
  bool is_done = false; ///< else the time was up, or somebody interrupted
};

/// Makes it as small as it gets in that time; empty when it does not fail. An error when no process
/// can be started.
[[nodiscard]] result<std::optional<shrink_outcome>> shrink_failure(const sim::scenario& failing,
                                                                   const shrink_options& options);

/// A scenario file that says at its top how it fails.
[[nodiscard]] std::string file_of(const sim::scenario& what, const sim::failure& how,
                                  const std::string& origin);
/// A GoogleTest, a whole file: red until the failure is mended, and a guard from then on.
[[nodiscard]] std::string test_of(const sim::scenario& what, const sim::failure& how,
                                  const std::string& origin);

/// A seed, or a scenario file, altered as the drawing says.
struct loaded_scenario {
  sim::scenario what;
  std::string origin; ///< "seed 11", "seed 11, profile lossy", or the file's name
};
[[nodiscard]] parsed<loaded_scenario> load_scenario(const std::string& seed_or_file,
                                                    const sim::drawing& drawn);

} // namespace kodama::apps
