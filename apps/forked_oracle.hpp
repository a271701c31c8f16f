#pragma once

#include "apps/interruption.hpp"
#include "protocol/result.hpp"
#include "sim/failure.hpp"
#include "sim/shrink.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace kodama::apps {

/// Runs each scenario in a process of its own, so that a crash is an answer like any other, and
/// several at once.
///
/// Its time begins when the first run has ended; from then on an interrupt ends it as well, in good
/// order, and what is still running then is given up. Before that there is nothing to be saved.
class forked_oracle final : public sim::shrink_oracle {
public:
  using clock = std::chrono::steady_clock;
  using progress = std::function<void(const sim::scenario& smallest, std::uint64_t tried)>;

  /// Who runs longer than `run_max` does not end.
  forked_oracle(unsigned jobs, clock::duration patience, progress tell,
                std::chrono::seconds run_max = std::chrono::seconds{60})
      : jobs_{jobs}
      , patience_{patience}
      , tell_{std::move(tell)}
      , run_max_{run_max} {}

  /// How it fails; empty when it does not. From here on failing means to fail like this. An error
  /// when no process can be started.
  [[nodiscard]] result<std::optional<sim::failure>> aim_at(const sim::scenario& failing);
  /// How the one fails that was found last, or that it was aimed at; in its own numbers and names.
  [[nodiscard]] const sim::failure& how() const noexcept { return how_; }

  std::optional<std::size_t> first_failing(std::span<const sim::scenario> candidates) override;
  bool may_go_on() override {
    return !is_stuck_ && !(interrupted_ && interrupted_->came()) && clock::now() < until_;
  }
  void on_smaller(const sim::scenario& found, std::uint64_t tried) override { tell_(found, tried); }

private:
  unsigned jobs_;
  clock::duration patience_;
  clock::time_point until_;
  progress tell_;
  std::optional<interruption> interrupted_;
  sim::failure how_;
  std::string shape_;
  bool is_stuck_ = false; ///< not even one process can be started any more
  std::chrono::seconds run_max_;
};

} // namespace kodama::apps
