#include "apps/campaign.hpp"

#include "protocol/assert.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace kodama::apps {
namespace {

/// What workers write to their parent, a line each:
///
///     begin SEED                 about to run it
///     fail SEED PROMISE TEXT     it did not pass
///     seeds|events|simulated|hash NUMBER        its tally, at the end
///     exercised|fault NAME NUMBER
class report_writer {
public:
  explicit report_writer(int pipe)
      : pipe_{pipe} {}

  void begin(std::uint64_t seed) { write("begin " + std::to_string(seed)); }
  void fail(const failed_seed& what) {
    auto text = what.text;
    std::replace(text.begin(), text.end(), '\n', ' ');
    write("fail " + std::to_string(what.seed) + ' ' + what.promise + ' ' + text);
  }
  void finish(const tally& what) {
    write("seeds " + std::to_string(what.seeds));
    write("events " + std::to_string(what.events));
    write("simulated " + std::to_string(what.simulated.count()));
    write("hash " + std::to_string(what.hash));
    for (const auto& [name, count] : what.exercised)
      write("exercised " + name + ' ' + std::to_string(count));
    for (const auto& [name, count] : what.faults)
      write("fault " + name + ' ' + std::to_string(count));
  }

private:
  void write(const std::string& line) {
    const auto whole = line + '\n';
    for (std::size_t at = 0; at != whole.size();) {
      const auto count = ::write(pipe_, whole.data() + at, whole.size() - at);
      if (count <= 0)
        std::_Exit(1); // the parent is gone
      at += static_cast<std::size_t>(count);
    }
  }

  int pipe_;
};

/// One worker as its parent sees it.
struct worker {
  pid_t process = -1;
  int pipe = -1;
  std::string unread;
  std::uint64_t begun = 0; ///< the last seed it began
  std::uint64_t begun_count = 0;
  tally found;

  void take(const std::string& line) {
    std::istringstream in{line};
    std::string what;
    std::string name;
    std::uint64_t number = 0;
    in >> what;
    if (what == "begin") {
      in >> begun;
      ++begun_count;
    } else if (what == "fail") {
      failed_seed failed;
      in >> failed.seed >> failed.promise;
      std::getline(in >> std::ws, failed.text);
      found.failures.push_back(std::move(failed));
    } else if (what == "exercised" || what == "fault") {
      in >> name >> number;
      (what == "fault" ? found.faults : found.exercised)[name] += number;
    } else {
      in >> number;
      if (what == "seeds")
        found.seeds = number;
      else if (what == "events")
        found.events = number;
      else if (what == "simulated")
        found.simulated = duration{static_cast<duration::rep>(number)};
      else if (what == "hash")
        found.hash = number;
    }
  }
};

[[noreturn]] void work(const campaign_options& options, unsigned index, int pipe) {
  report_writer out{pipe};
  tally found;
  for (auto seed = options.first + index; seed <= options.last; seed += options.jobs) {
    out.begin(seed);
    const auto before = found.failures.size();
    run_seed(seed, options, found);
    for (auto i = before; i != found.failures.size(); ++i)
      out.fail(found.failures[i]);
    if (options.stop_after != 0 && found.failures.size() >= options.stop_after)
      break;
  }
  out.finish(found);
  std::fflush(nullptr);
  std::_Exit(0);
}

worker start(const campaign_options& options, unsigned index) {
  int ends[2];
  KODAMA_ASSERT(::pipe(ends) == 0);
  std::fflush(nullptr);
  worker made;
  made.process = ::fork();
  KODAMA_ASSERT(made.process >= 0);
  if (made.process == 0) {
    ::close(ends[0]);
    work(options, index, ends[1]);
  }
  ::close(ends[1]);
  made.pipe = ends[0];
  return made;
}

/// False at the end of what it says.
bool read_from(worker& from) {
  char data[65536];
  const auto count = ::read(from.pipe, data, sizeof data);
  if (count <= 0)
    return false;
  from.unread.append(data, static_cast<std::size_t>(count));
  std::size_t begin = 0;
  for (auto end = from.unread.find('\n'); end != std::string::npos;
       end = from.unread.find('\n', begin)) {
    from.take(from.unread.substr(begin, end - begin));
    begin = end + 1;
  }
  from.unread.erase(0, begin);
  return true;
}

void finish(worker& ended) {
  ::close(ended.pipe);
  ended.pipe = -1;
  int status = 0;
  ::waitpid(ended.process, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return;
  const auto how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                       : "exit status " + std::to_string(WEXITSTATUS(status));
  ended.found.failures.push_back({ended.begun, "crash", "the process ended with " + how});
  ended.found.seeds = ended.begun_count;
}

} // namespace

void tally::add(const tally& other) {
  seeds += other.seeds;
  events += other.events;
  simulated += other.simulated;
  hash += other.hash;
  for (const auto& [name, count] : other.exercised)
    exercised[name] += count;
  for (const auto& [name, count] : other.faults)
    faults[name] += count;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
}

void run_seed(std::uint64_t seed, const campaign_options& options, tally& to) {
  const auto scenario = sim::scenario::draw(seed, options.profile);
  sim::trace history;
  const auto verdict = sim::run(scenario, history);
  ++to.seeds;
  to.events += verdict.events;
  to.simulated += verdict.simulated;
  to.hash += sim::mix(verdict.trace_hash ^ sim::mix(seed));
  for (const auto& [name, count] : verdict.exercised)
    to.exercised[name] += count;
  for (std::size_t i = 0; i != sim::fault_kind_count; ++i) {
    const auto kind = static_cast<sim::fault_kind>(i);
    to.faults[std::string{sim::to_string(kind)}] += verdict.faults.struck(kind);
  }
  if (!verdict.passed()) {
    const auto& first = verdict.violations.front();
    to.failures.push_back({seed, std::string{first.promise}, first.text});
  }
  if (!options.check_determinism)
    return;
  sim::trace again;
  static_cast<void>(sim::run(scenario, again));
  if (again.hash() == history.hash())
    return;
  // Only now is it worth keeping everything.
  sim::trace one{sim::trace::keep::text};
  sim::trace two{sim::trace::keep::text};
  static_cast<void>(sim::run(scenario, one));
  static_cast<void>(sim::run(scenario, two));
  const auto at = sim::first_difference(one, two);
  to.failures.push_back({seed, "determinism",
                         at && *at < one.records().size() && *at < two.records().size()
                             ? "first difference: " + one.line(one.records()[*at]) + " / " +
                                   two.line(two.records()[*at])
                             : "the two runs' traces differ"});
}

campaign_result
run_campaign(const campaign_options& options,
             const std::function<void(std::uint64_t done, std::size_t failures)>& progress) {
  const auto started = std::chrono::steady_clock::now();
  std::vector<worker> workers;
  for (unsigned i = 0; i != options.jobs; ++i)
    workers.push_back(start(options, i));

  std::size_t running = workers.size();
  while (running != 0) {
    std::vector<pollfd> waiting;
    for (const auto& each : workers)
      waiting.push_back({each.pipe, POLLIN, 0}); // a pipe of -1 is skipped
    ::poll(waiting.data(), waiting.size(), 200);
    std::uint64_t done = 0;
    std::size_t failures = 0;
    for (std::size_t i = 0; i != workers.size(); ++i) {
      if (waiting[i].revents != 0 && !read_from(workers[i])) {
        finish(workers[i]);
        --running;
      }
      done += workers[i].begun_count;
      failures += workers[i].found.failures.size();
    }
    progress(done, failures);
  }

  campaign_result result;
  for (const auto& each : workers)
    result.total.add(each.found);
  std::sort(result.total.failures.begin(), result.total.failures.end(),
            [](const failed_seed& a, const failed_seed& b) { return a.seed < b.seed; });
  result.took = std::chrono::steady_clock::now() - started;
  result.jobs = options.jobs;
  return result;
}

} // namespace kodama::apps
