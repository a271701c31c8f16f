#include "apps/campaign.hpp"

#include "apps/forked_oracle.hpp"
#include "apps/run_limit.hpp"
#include "apps/sandbox.hpp"
#include "apps/units.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <list>

namespace kodama::apps {
namespace {

/// Seeds that one process runs. A campaign that ends at its first failure mostly ends early, and
/// what its blocks hold beyond is run for nothing: the first ones are small. A long campaign pays
/// for few processes, each of which has to touch all of its memory anew.
constexpr std::uint64_t block_min = 8;
constexpr std::uint64_t block_max = 128;

/// A run takes milliseconds; under a sanitizer a second. Who takes longer does not end.
constexpr std::chrono::seconds seed_time_max{120};

void write_all(int pipe, const std::string& text) {
  for (std::size_t at = 0; at != text.size();) {
    const auto count = ::write(pipe, text.data() + at, text.size() - at);
    if (count <= 0)
      std::_Exit(1); // the parent is gone
    at += static_cast<std::size_t>(count);
  }
}

/// The child's side: "begin SEED" before each seed, and the tally at the end.
void run_block(seed_range block, const campaign_options& options, int pipe) {
  tally found;
  for (auto seed = block.first; seed <= block.last; ++seed) {
    write_all(pipe, "begin " + std::to_string(seed) + '\n');
    const run_limit limit{seed_time_max};
    run_seed(seed, options, found);
  }
  write_all(pipe, to_text(found));
}

struct running_block {
  seed_range seeds;
  sandbox process;
};

class campaign {
public:
  campaign(const campaign_options& options, campaign_state from)
      : options_{options}
      , state_{std::move(from)} {}

  campaign_state run(const std::function<bool(const campaign_state&)>& may_go_on) {
    const auto started = std::chrono::steady_clock::now();
    const auto took_before = state_.took;
    bool go_on = may_go_on(with_running());
    while (true) {
      while (go_on && !state_.trouble && running_.size() < options_.jobs)
        if (const auto block = next_block())
          start(*block);
        else
          break;
      if (running_.empty())
        break;
      wait();
      state_.took = took_before + (std::chrono::steady_clock::now() - started);
      go_on = go_on && may_go_on(with_running());
    }
    state_.is_done = state_.open.empty() && exhausted();
    return std::move(state_);
  }

private:
  [[nodiscard]] bool exhausted() const { return state_.next > options_.seeds.last; }

  std::optional<seed_range> next_block() {
    if (!state_.open.empty()) {
      const auto block = state_.open.back();
      state_.open.pop_back();
      return block;
    }
    if (exhausted())
      return std::nullopt;
    const auto left = options_.seeds.last - state_.next;
    const auto fair = std::max<std::uint64_t>(1, left / options_.jobs + 1);
    const auto grown = (state_.next - options_.seeds.first) / (4 * options_.jobs);
    const auto size = std::min(std::clamp(grown, block_min, block_max), fair);
    const seed_range block{state_.next, state_.next + size - 1};
    state_.next = block.last + 1;
    return block;
  }

  void start(seed_range block) {
    auto process = sandbox::start([&](int pipe) { run_block(block, options_, pipe); });
    if (process) {
      running_.push_back({block, std::move(*process)});
    } else {
      state_.open.push_back(block);
      state_.trouble = process.error();
    }
  }

  void wait() {
    std::vector<pollfd> waiting;
    for (const auto& each : running_)
      waiting.push_back({each.process.pipe(), POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), 200) <= 0)
      return;
    auto ready = waiting.begin();
    for (auto each = running_.begin(); each != running_.end();) {
      if ((ready++)->revents == 0 || each->process.read()) {
        ++each;
        continue;
      }
      finish(*each);
      each = running_.erase(each);
    }
  }

  void finish(running_block& ended) {
    tally found;
    std::uint64_t begun = ended.seeds.first;
    std::string_view text = ended.process.unread();
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (!line.starts_with("begin "))
        static_cast<void>(take_line(found, line));
      else if (const auto seed = parse_number(line.substr(6)))
        begun = *seed;
    }
    const auto how = ended.process.finish();
    if (!how) {
      state_.found.add(found);
      return;
    }
    // Its tally is lost: what it had run before is run again, without the seed that it died of.
    state_.found.add_failure({begun, {"crash", *how}});
    ++state_.found.seeds;
    if (begun != ended.seeds.last)
      state_.open.push_back({begun + 1, ended.seeds.last});
    if (begun != ended.seeds.first)
      state_.open.push_back({ended.seeds.first, begun - 1});
  }

  /// What is running counts as open for whoever saves it.
  [[nodiscard]] campaign_state with_running() const {
    auto made = state_;
    for (const auto& each : running_)
      made.open.push_back(each.seeds);
    return made;
  }

  const campaign_options& options_;
  campaign_state state_;
  std::list<running_block> running_;
};

/// Two columns say little where lines are long: each run has its own line, and the last common one
/// tells where in the story it is.
std::string describe_difference(const sim::trace& one, const sim::trace& two) {
  const auto at = sim::first_difference(one, two);
  if (!at)
    return "the traces of two runs differ, and not when they are kept";
  const auto line = [at = *at](const sim::trace& of) {
    return at < of.records().size() ? of.line(of.records()[at]) : std::string{"(has ended)"};
  };
  std::string text = "two runs differ from event " + std::to_string(*at + 1) + " on\n";
  if (*at != 0)
    text += "    both    " + one.line(one.records()[*at - 1]) + '\n';
  return text + "    first   " + line(one) + "\n    second  " + line(two);
}

} // namespace

void run_seed(std::uint64_t seed, const campaign_options& options, tally& to) {
  const auto scenario = options.drawn.draw(seed);
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
  if (const auto failed = sim::first_failure(verdict))
    to.add_failure({seed, *failed});
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
  to.add_failure({seed, {"determinism", describe_difference(one, two)}});
}

campaign_state run_campaign(const campaign_options& options, campaign_state from,
                            const std::function<bool(const campaign_state&)>& may_go_on) {
  return campaign{options, std::move(from)}.run(may_go_on);
}

result<canary_result> run_canary(const campaign_options& options) {
  canary_result tried;
  forked_oracle judge{1, {}, {}};
  while (!tried.caught && tried.seeds != canary_seeds_max) {
    auto scenario = options.drawn.draw(options.seeds.first + tried.seeds);
    scenario.canary = 1;
    auto failed = judge.aim_at(scenario);
    if (!failed)
      return failed.error();
    tried.caught = std::move(*failed);
    ++tried.seeds;
  }
  return tried;
}

} // namespace kodama::apps
