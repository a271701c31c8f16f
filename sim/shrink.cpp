#include "sim/shrink.hpp"

#include "sim/random.hpp"
#include "sim/simpler.hpp"

#include <set>
#include <utility>
#include <vector>

namespace kodama::sim {
namespace {

/// So many candidates at once: enough to keep several processes busy, few enough that a success
/// throws little away.
constexpr std::size_t batch = 8;

class shrinker {
public:
  shrinker(const scenario& failing, shrink_oracle& oracle)
      : oracle_{oracle}
      , best_{failing}
      , cost_{cost_of(failing)} {}

  shrunk run() {
    const auto whole = [](const scenario& what) { return ideas{[&what] { return tidied(what); }}; };
    improve(whole);
    while (!out_of_time_ && round())
      continue;
    return {best_, count_, !out_of_time_};
  }

private:
  /// Cheap ideas first; dear ones only when these have nothing more to say.
  bool round() {
    const auto before = cost_;
    // Strikes first: they are most of what there is, and hardly any of them matters.
    for (const auto which : {part::strike, part::user, part::topic, part::chance, part::operation})
      leave_out(which);
    improve(with_simpler_world);
    improve(with_simpler_people);
    improve(with_fewer_names);
    improve(with_smaller_numbers);
    improve(with_simpler_times);
    if (cost_ != before)
      return true;
    improve(with_other_luck);
    if (cost_ != before)
      return true;
    improve(without_pairs);
    return cost_ != before;
  }

  /// Chunks of all, half, a quarter, … down to single ones.
  void leave_out(part which) {
    for (auto size = count_of(best_, which); size != 0; size /= 2) {
      std::size_t at = 0;
      while (at < count_of(best_, which)) {
        ideas candidates;
        for (std::size_t i = 0; i != batch && at + i * size < count_of(best_, which); ++i)
          candidates.push_back([this, which, first = at + i * size, size] {
            return without(best_, which, first, size);
          });
        const auto found = accept_first_of(candidates, 0);
        if (out_of_time_)
          return;
        // After a success the next chunk has moved up to where the one left out was.
        at += size * found.value_or(candidates.size());
      }
    }
  }

  template <class Ideas>
  void improve(Ideas&& ideas_about) {
    // After a success on where it was: the ideas before it have just been tried in vain.
    std::size_t from = 0;
    while (!out_of_time_) {
      const ideas candidates = ideas_about(best_);
      if (candidates.empty())
        return;
      from %= candidates.size();
      const auto found = accept_first_of(candidates, from);
      if (!found)
        return;
      from += *found;
    }
  }

  /// Tries all that are simpler than the best and were not tried before, in their order from the
  /// one at `from` on, and those before it last. How far behind `from` the first success was.
  std::optional<std::size_t> accept_first_of(const ideas& candidates, std::size_t from) {
    for (std::size_t at = 0; at != candidates.size();) {
      std::vector<scenario> fresh;
      std::vector<std::size_t> places;
      for (; at != candidates.size() && fresh.size() != batch; ++at) {
        if (!may_go_on())
          return std::nullopt;
        auto made = candidates[(from + at) % candidates.size()]();
        if (cost_of(made) >= cost_ || !tried_.insert(hash_of(to_text(made))).second)
          continue;
        fresh.push_back(std::move(made));
        places.push_back(at);
      }
      if (fresh.empty())
        break;
      const auto found = oracle_.first_failing(fresh);
      count_ += found ? *found + 1 : fresh.size();
      if (!found && !may_go_on()) // it may have been left undecided
        return std::nullopt;
      if (!found)
        continue;
      // Those behind it were not decided: they may come up again.
      for (auto later = *found + 1; later != fresh.size(); ++later)
        tried_.erase(hash_of(to_text(fresh[later])));
      best_ = std::move(fresh[*found]);
      cost_ = cost_of(best_);
      oracle_.on_smaller(best_, count_);
      return places[*found];
    }
    return std::nullopt;
  }

  bool may_go_on() {
    out_of_time_ = out_of_time_ || !oracle_.may_go_on();
    return !out_of_time_;
  }

  shrink_oracle& oracle_;
  scenario best_;
  std::uint64_t cost_;
  std::set<std::uint64_t> tried_;
  std::uint64_t count_ = 0;
  bool out_of_time_ = false;
};

} // namespace

shrunk shrink(const scenario& failing, shrink_oracle& oracle) {
  return shrinker{failing, oracle}.run();
}

} // namespace kodama::sim
