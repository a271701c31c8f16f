#include "apps/forked_oracle.hpp"

#include "apps/run_limit.hpp"
#include "apps/sandbox.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <list>

namespace kodama::apps {
namespace {

/// How soon it is noticed that there is no more time.
constexpr int patience_of_poll = 100; // in milliseconds

/// The child's side: the failure's promise and text, a line each; nothing when there is none.
void run_and_tell(const sim::scenario& what, std::chrono::seconds at_most, int pipe) {
  const run_limit limit{at_most};
  sim::trace history;
  const auto failed = sim::first_failure(sim::run(what, history));
  if (!failed)
    return;
  const auto told = failed->promise + '\n' + failed->text;
  for (std::size_t at = 0; at < told.size();) {
    const auto count = ::write(pipe, told.data() + at, told.size() - at);
    if (count <= 0)
      return; // nobody is interested any more
    at += static_cast<std::size_t>(count);
  }
}

std::optional<sim::failure> answer_of(sandbox& ended) {
  if (const auto how = ended.finish())
    return sim::failure{"crash", *how};
  const auto& told = ended.unread();
  if (told.empty())
    return std::nullopt;
  const auto line = told.find('\n');
  return sim::failure{told.substr(0, line), told.substr(line + 1)};
}

/// One candidate that is being run.
struct started {
  std::size_t index;
  sandbox process;
};

} // namespace

result<std::optional<sim::failure>> forked_oracle::aim_at(const sim::scenario& failing) {
  const auto begun = clock::now();
  auto process = sandbox::start([&](int pipe) { run_and_tell(failing, run_max_, pipe); });
  if (!process)
    return process.error();
  while (process->read())
    continue;
  const auto found = answer_of(*process);
  // Generous, as a machine is busy now and then, and yet short beside the time that there is.
  const auto took = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - begun);
  run_max_ = std::min(run_max_, std::chrono::seconds{3} + 10 * took);
  until_ = clock::now() + patience_;
  interrupted_.emplace();
  if (found) {
    how_ = *found;
    shape_ = found->shape();
  }
  return found;
}

std::optional<std::size_t> forked_oracle::first_failing(std::span<const sim::scenario> candidates) {
  std::list<started> running;
  auto end = candidates.size(); // the first one known to fail
  std::size_t next = 0;
  while (true) {
    for (; running.size() < jobs_ && next < end; ++next) {
      const auto& one = candidates[next];
      auto process = sandbox::start([&](int pipe) { run_and_tell(one, run_max_, pipe); });
      if (!process)
        break; // again when one of those that run has ended
      running.push_back({next, std::move(*process)});
    }
    is_stuck_ = running.empty() && next < end;
    if (running.empty())
      break;
    std::vector<pollfd> waiting;
    for (const auto& each : running)
      waiting.push_back({each.process.pipe(), POLLIN, 0});
    const auto come = ::poll(waiting.data(), waiting.size(), patience_of_poll);
    if (!may_go_on())
      break; // a candidate that does not end must not hold us up
    if (come <= 0)
      continue;
    auto ready = waiting.begin();
    for (auto each = running.begin(); each != running.end();) {
      if ((ready++)->revents == 0 || each->process.read()) {
        ++each;
        continue;
      }
      const auto found = answer_of(each->process);
      if (found && found->shape() == shape_ && each->index < end) {
        end = each->index;
        how_ = *found;
      }
      each = running.erase(each);
    }
    std::erase_if(running, [&](const started& each) { return each.index > end; });
  }
  return end == candidates.size() ? std::nullopt : std::optional{end};
}

} // namespace kodama::apps
