#include "apps/jobs_option.hpp"

#include "apps/parsed_option.hpp"
#include "apps/units.hpp"

#include <algorithm>
#include <thread>

namespace kodama::apps {
namespace {

parsed<unsigned> parse_jobs(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0 || *number > jobs_max)
    return refusal{'"' + std::string{text} + "\" is no number of processes; expected 1 to " +
                   std::to_string(jobs_max)};
  return static_cast<unsigned>(*number);
}

} // namespace

void add_jobs_option(CLI::App& command, unsigned& target) {
  target = std::clamp(std::thread::hardware_concurrency(), 1U, jobs_max);
  add_parsed_option(command, "--jobs", target, parse_jobs, "Processes (default: one for each core)")
      ->type_name("N");
}

std::string cannot_start(unsigned jobs, const boost::system::error_code& why) {
  return "cannot run " + std::to_string(jobs) + (jobs == 1 ? " process" : " processes at once") +
         " (--jobs): " + why.message() +
         "; give fewer, or raise the limit (ulimit -n of open files, ulimit -u of processes)";
}

} // namespace kodama::apps
