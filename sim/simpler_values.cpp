#include "sim/fault_fields.hpp"
#include "sim/simpler.hpp"

#include <algorithm>
#include <array>
#include <tuple>

/// Smaller numbers and simpler times.
namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<duration, 4> grids{1s, 100ms, 10ms, 1ms};

duration down_to(duration grid, duration what) {
  return what / grid * grid;
}
duration up_to(duration grid, duration what) {
  return down_to(grid, what + grid - 1ns);
}

/// Strikes and operations in one row, as the run has them.
struct moment {
  duration at;
  bool is_strike;
  std::size_t index;
};

std::vector<moment> moments_of(const scenario& what) {
  std::vector<moment> row;
  for (std::size_t i = 0; i != what.operations.size(); ++i)
    row.push_back({what.operations[i].at, false, i});
  for (std::size_t i = 0; i != what.strikes.size(); ++i)
    row.push_back({what.strikes[i].at, true, i});
  std::stable_sort(row.begin(), row.end(),
                   [](const moment& a, const moment& b) { return a.at < b.at; });
  return row;
}

/// Faults end with the fault phase: otherwise what comes after it would be spoilt.
void heal_after_faults(scenario& in, duration heal_at) {
  for (const auto& each : in.strikes)
    heal_at = std::max(heal_at, each.at + each.lasts);
  in.heal_at = in.plan.heal_at = heal_at;
}

/// Moves everything, heal_at as well: `when` gives each moment its new one, never turning two
/// around.
template <class When>
void add_moved(ideas& to, const scenario& what, When when) {
  add_idea(to, what, [when](scenario& made) {
    const auto row = moments_of(made);
    for (std::size_t i = 0; i != row.size(); ++i) {
      auto& at =
          row[i].is_strike ? made.strikes[row[i].index].at : made.operations[row[i].index].at;
      at = when(row[i].at, i);
    }
    heal_after_faults(made, std::min(made.heal_at, when(made.heal_at, row.size())));
  });
}

void add_evenly_spaced(ideas& to, const scenario& what) {
  for (const duration step : {duration{1s}, duration{200ms}, duration{100ms}, duration{10ms}})
    add_moved(to, what, [step](duration, std::size_t index) {
      return step * static_cast<std::int64_t>(index);
    });
}

void add_closer_gaps(ideas& to, const scenario& what) {
  const auto row = moments_of(what);
  for (std::size_t i = 0; i != row.size(); ++i) {
    const auto before = i == 0 ? 0s : row[i - 1].at;
    for (const duration gap : {duration{0s}, duration{100ms}, duration{1s}}) {
      const auto less = row[i].at - before - gap;
      if (less > 0s)
        add_moved(to, what,
                  [i, less](duration at, std::size_t index) { return index < i ? at : at - less; });
    }
  }
}

/// One moment after the other made round, its neighbours permitting.
void add_rounded(ideas& to, const scenario& what) {
  const auto row = moments_of(what);
  for (std::size_t i = 0; i != row.size(); ++i) {
    const auto least = i == 0 ? duration{0} : row[i - 1].at;
    const auto most = i + 1 == row.size() ? duration::max() : row[i + 1].at;
    for (const auto grid : grids)
      for (const auto at : {down_to(grid, row[i].at), up_to(grid, row[i].at)})
        if (at != row[i].at && at >= least && at <= most)
          add_idea(to, what, [which = row[i], at](scenario& one) {
            (which.is_strike ? one.strikes[which.index].at : one.operations[which.index].at) = at;
            heal_after_faults(one, one.heal_at);
          });
  }
}

void add_heal_earlier(ideas& to, const scenario& what) {
  const auto row = moments_of(what);
  const auto last = row.empty() ? duration{0} : row.back().at;
  for (const auto at : {duration{0}, up_to(1s, last), what.heal_at / 2, down_to(1s, what.heal_at),
                        up_to(1s, what.heal_at)})
    add_idea(to, what, [at](scenario& one) { heal_after_faults(one, at); });
}

void add_simpler(ideas& to, const scenario& what, const timed_fault& strike, std::size_t i) {
  const auto with = [&](auto change) {
    add_idea(to, what, [i, change](scenario& one) {
      change(one.strikes[i]);
      heal_after_faults(one, one.heal_at);
    });
  };
  with([](timed_fault& one) { // the simplest fault there is
    if (one.host != host_id{0})
      std::tie(one.kind, one.lasts, one.draw) = std::tuple{fault_kind::tcp_reset, 0ns, 0ULL};
  });
  for (const std::uint64_t draw : {0, 1})
    with([draw](timed_fault& one) { one.draw = draw; });
  std::vector<duration> shorter{0s, 1s, strike.lasts / 2};
  for (const auto grid : grids) {
    shorter.push_back(down_to(grid, strike.lasts));
    shorter.push_back(up_to(grid, strike.lasts));
  }
  for (const auto lasts : shorter)
    if (lasts < strike.lasts || (lasts > strike.lasts && strike.lasts % 1ms != 0ns))
      with([lasts](timed_fault& one) { one.lasts = lasts; });
}

void add_simpler(ideas& to, const scenario& what, const operation& publish, std::size_t i) {
  const auto with = [&](auto change) {
    add_idea(to, what, [i, change](scenario& one) { change(one.operations[i]); });
  };
  for (const auto count : {1U, publish.count / 2, publish.count - 1})
    if (count != 0 && count < publish.count)
      with([count](operation& one) { one.count = count; });
  for (const auto size : {0U, publish.size / 2, publish.size / 100 * 100})
    if (size < publish.size)
      with([size](operation& one) { one.size = size; });
}

std::vector<duration> simpler_than(duration what) {
  std::vector<duration> all{1s, 100ms, 10ms, 1ms};
  for (const auto grid : grids)
    all.push_back(up_to(grid, what));
  return all;
}
std::vector<probability> simpler_than(probability what) {
  std::vector<probability> all;
  for (const auto percent : {100U, 50U, 10U, what.of_65536 * 100 / 65536 + 1})
    if (percent <= 100)
      all.push_back(probability::percent(percent));
  return all;
}
std::vector<slowness> simpler_than(slowness what) {
  std::vector<slowness> all;
  for (const auto odds : simpler_than(what.odds))
    all.push_back({odds, what.longest});
  for (const auto longest : simpler_than(what.longest))
    all.push_back({what.odds, longest});
  return all;
}
std::vector<ceiling> simpler_than(ceiling) {
  return {{100'000}, {10'000}};
}
std::vector<deviation> simpler_than(deviation) {
  return {{1000}, {10'000}};
}
std::vector<spell> simpler_than(const spell&) {
  return {};
}

} // namespace

ideas with_smaller_numbers(const scenario& what) {
  ideas made;
  add_idea(made, what, [](scenario& one) {
    for (auto& each : one.operations)
      std::tie(each.count, each.size) = std::tuple{1U, 0U};
  });
  add_idea(made, what, [](scenario& one) {
    for (auto& each : one.operations)
      each.size = 0;
  });
  add_idea(made, what, [](scenario& one) {
    for (auto& each : one.strikes)
      each.draw = 0;
  });
  for (std::size_t i = 0; i != what.strikes.size(); ++i)
    add_simpler(made, what, what.strikes[i], i);
  for (std::size_t i = 0; i != what.operations.size(); ++i)
    if (is_publish(what.operations[i].what))
      add_simpler(made, what, what.operations[i], i);
  for_each_fault(what.plan, [&](fault_kind kind, const auto& field) {
    if (!is_on(field))
      return;
    for (const auto& value : simpler_than(field))
      add_idea(made, what, [kind, value](scenario& one) {
        for_each_fault(one.plan, [&](fault_kind each, auto& to) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(to)>,
                                       std::remove_cvref_t<decltype(value)>>)
            if (each == kind)
              to = value;
        });
      });
  });
  return made;
}

ideas with_simpler_times(const scenario& what) {
  ideas made;
  add_evenly_spaced(made, what);
  for (const auto grid : grids)
    add_moved(made, what, [grid](duration at, std::size_t) { return down_to(grid, at); });
  add_moved(made, what, [](duration at, std::size_t) { return at / 2; });
  add_heal_earlier(made, what);
  add_closer_gaps(made, what);
  add_rounded(made, what);
  return made;
}

} // namespace kodama::sim
