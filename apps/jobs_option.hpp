#pragma once

#include <CLI/CLI.hpp>
#include <boost/system/error_code.hpp>

#include <string>

namespace kodama::apps {

/// Each is a process with two open files here; more than that is a slip of the keyboard.
inline constexpr unsigned jobs_max = 1024;

/// --jobs: from 1 to jobs_max, and one for each core when it is not given. `target` outlives the
/// parsing.
void add_jobs_option(CLI::App& command, unsigned& target);

/// Why `jobs` processes do not run at once, and what helps.
[[nodiscard]] std::string cannot_start(unsigned jobs, const boost::system::error_code& why);

} // namespace kodama::apps
