#pragma once

#include "apps/campaign.hpp"
#include "apps/shrink_run.hpp"

#include <functional>
#include <map>
#include <string>

namespace kodama::apps {

/// What was made of a finding for people to work with; empty paths where nothing was written.
struct finding_files {
  std::string scenario; ///< of its first seed
  std::string small;    ///< shrunk
  std::string test;     ///< a GoogleTest with the shrunk one
  extent size;          ///< of the shrunk one

  [[nodiscard]] bool none() const { return scenario.empty() && small.empty() && test.empty(); }
};

/// Everything that a campaign has to say at its end.
struct campaign_report {
  campaign_options options;
  campaign_state state;
  std::optional<canary_result> canary;
  std::map<std::string, finding_files, std::less<>> files; ///< by the failure's shape
  bool interrupted = false;

  [[nodiscard]] bool blind() const { return canary && !canary->caught; }
  /// That no seed was run proves nothing.
  [[nodiscard]] bool passed() const {
    return state.found.seeds != 0 && state.found.findings.empty() && !blind();
  }
};

/// For people.
void print_summary(const campaign_report& report);
/// For machines, on one line.
void print_json(const campaign_report& report);

struct keep_options {
  std::string directory; ///< for scenario files; empty: none
  std::string test;      ///< a file for the first finding, or a directory for all; empty: none
  bool shrink = true;
  shrink_options shrinking;
  std::function<decltype(shrink_failure)> shrink_one = shrink_failure;
};
/// Makes the directories, and tries whether files can be written there: to be asked before work
/// whose findings would have nowhere to go. An error is a sentence.
[[nodiscard]] std::optional<std::string> prepare_to_keep(const keep_options& options);
/// Writes the files, and shrinks the first failure of each finding. An error is a sentence; the
/// report names the files that were written before.
[[nodiscard]] std::optional<std::string> keep_findings(const keep_options& options,
                                                       campaign_report& report);

} // namespace kodama::apps
