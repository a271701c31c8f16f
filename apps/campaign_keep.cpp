#include "apps/campaign_report.hpp"
#include "apps/drawing_options.hpp"
#include "apps/jobs_option.hpp"
#include "apps/whole_file.hpp"

#include <filesystem>

/// What is left of a campaign's findings for the next morning.
namespace kodama::apps {
namespace {

/// Where so many things are wrong, the first ones are enough to begin with.
constexpr std::size_t shrunk_max = 10;

std::string origin_of(const campaign_report& report, std::uint64_t seed) {
  return "seed " + std::to_string(seed) + words_of(report.options.drawn);
}

/// "exactly-once-4711", or "exactly-once-lossy-without-jitter-4711": what means another world has
/// another name.
std::string stem_of(const campaign_report& report, const failed_seed& failed) {
  return failed.how.promise + '-' + name_of(report.options.drawn) + std::to_string(failed.seed);
}

/// Where all tests go; otherwise `wanted` is the file of the first one.
bool is_directory(const std::string& wanted) {
  std::error_code is_none;
  return wanted.ends_with('/') || std::filesystem::is_directory(wanted, is_none);
}

/// A name that a C++ file may have under tests/: "exactly_once_4711_test.cpp".
std::string test_path(const std::string& wanted, const std::string& stem) {
  if (!is_directory(wanted))
    return wanted;
  auto name = stem;
  for (char& c : name)
    if (c == '-' || c == '+')
      c = '_';
  return (std::filesystem::path{wanted} / (name + "_test.cpp")).string();
}

class keeper {
public:
  keeper(const keep_options& options, campaign_report& report)
      : options_{options}
      , report_{report} {}

  std::optional<std::string> run() {
    for (const auto& [shape, what] : report_.state.found.findings) {
      auto& files = report_.files[shape];
      if (!keep_scenarios(what, files) ||
          (what.first().how.promise != "determinism" && !keep_small(what.first(), files)))
        return error_;
    }
    return std::nullopt;
  }

private:
  bool keep_scenarios(const finding& what, finding_files& files) {
    if (options_.directory.empty())
      return true;
    for (const auto& each : what.seeds) {
      const auto path = path_of(stem_of(report_, each) + ".scenario");
      const auto drawn = report_.options.drawn.draw(each.seed);
      std::string written;
      if (!write(path, file_of(drawn, each.how, origin_of(report_, each.seed)), written))
        return false;
      if (files.scenario.empty())
        files.scenario = written;
    }
    return true;
  }

  bool keep_small(const failed_seed& first, finding_files& files) {
    if (!wants_small())
      return true;
    ++shrunk_;
    const auto drawn = report_.options.drawn.draw(first.seed);
    const auto shrunk = options_.shrink_one(drawn, options_.shrinking);
    if (!shrunk) {
      error_ = cannot_start(options_.shrinking.jobs, shrunk.error());
      return false;
    }
    const auto& made = *shrunk;
    if (!made)
      return true; // a crash of the machine's making, such as too little memory: not of the seed's
    files.size = extent_of(made->smallest);
    const auto stem = stem_of(report_, first);
    const auto origin = origin_of(report_, first.seed);
    if (!options_.directory.empty() &&
        !write(path_of(stem + "-small.scenario"), file_of(made->smallest, made->how, origin),
               files.small))
      return false;
    if (!wants_test())
      return true;
    has_test_ = true;
    return write(test_path(options_.test, stem), test_of(made->smallest, made->how, origin),
                 files.test);
  }

  /// Whether the next shrunk scenario has anywhere to go.
  [[nodiscard]] bool wants_small() const {
    return options_.shrink && shrunk_ < shrunk_max && (!options_.directory.empty() || wants_test());
  }
  /// One file holds one test.
  [[nodiscard]] bool wants_test() const {
    return !options_.test.empty() && (!has_test_ || is_directory(options_.test));
  }

  [[nodiscard]] std::string path_of(const std::string& name) const {
    return (std::filesystem::path{options_.directory} / name).string();
  }

  bool write(const std::string& path, const std::string& content, std::string& written) {
    if (!write_whole(path, content)) {
      error_ = cannot_write(path);
      return false;
    }
    written = path;
    return true;
  }

  const keep_options& options_;
  campaign_report& report_;
  std::size_t shrunk_ = 0;
  bool has_test_ = false;
  std::string error_;
};

} // namespace

std::optional<std::string> prepare_to_keep(const keep_options& options) {
  for (const auto& directory :
       {options.directory, is_directory(options.test) ? options.test : std::string{}}) {
    if (directory.empty())
      continue;
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (failed)
      return "cannot make the directory " + directory + ": " + failed.message();
    if (!can_write((std::filesystem::path{directory} / "file").string()))
      return cannot_write("to " + directory);
  }
  if (!options.test.empty() && !is_directory(options.test) && !can_write(options.test))
    return cannot_write(options.test);
  return std::nullopt;
}

std::optional<std::string> keep_findings(const keep_options& options, campaign_report& report) {
  if (options.directory.empty() && options.test.empty())
    return std::nullopt;
  return keeper{options, report}.run();
}

} // namespace kodama::apps
