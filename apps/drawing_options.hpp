#pragma once

#include "sim/drawing.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace kodama::apps {

/// --profile, --schedule, --without and --only-fault: how scenarios are drawn. `target` outlives
/// the parsing.
void add_drawing_options(CLI::App& command, sim::drawing& target);

/// What a person adds to a command that is to draw the same: " --profile lossy", or nothing.
[[nodiscard]] std::string flags_of(const sim::drawing& how);
/// The same for prose: ", profile lossy", or nothing. Without the profile for what is no seed.
[[nodiscard]] std::string words_of(const sim::drawing& how, bool with_profile = true);

/// The same for the name of a file: "lossy-priorities-without-jitter-", or nothing. Two drawings
/// have two names.
[[nodiscard]] std::string name_of(const sim::drawing& how);

} // namespace kodama::apps
