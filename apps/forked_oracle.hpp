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
class forked_oracle final : public sim::shrink_oracle {
public:
  using clock = std::chrono::steady_clock;
  using progress = std::function<void(const sim::scenario& smallest, std::uint64_t tried)>;

  forked_oracle(unsigned jobs, clock::duration patience, progress tell)
      : jobs_{jobs}
      , until_{clock::now() + patience}
      , tell_{std::move(tell)} {}

  /// How it fails; empty when it does not. From here on failing means to fail like this. An error
  /// when no process can be started.
  [[nodiscard]] result<std::optional<sim::failure>> aim_at(const sim::scenario& failing);

  std::optional<std::size_t> first_failing(std::span<const sim::scenario> candidates) override;
  bool may_go_on() override { return !is_stuck_ && !interrupted_.came() && clock::now() < until_; }
  void on_smaller(const sim::scenario& found, std::uint64_t tried) override { tell_(found, tried); }

private:
  unsigned jobs_;
  clock::time_point until_;
  progress tell_;
  interruption interrupted_;
  std::string shape_;
  bool is_stuck_ = false;            ///< not even one process can be started any more
  std::chrono::seconds run_max_{60}; ///< who runs longer does not end
};

} // namespace kodama::apps
