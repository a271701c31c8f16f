#include "tests/sim/checkers/flawless_server.hpp"

#include "sim/checkers/exactly_once.hpp"
#include "tests/sim/checkers/story.hpp"

#include <rapidcheck/gtest.h>

#include <tuple>

namespace kodama::sim {
namespace {

using script = std::vector<std::tuple<int, user_id, std::size_t>>;

/// Begins with a subscriber and a message for it, so that there is something to get wrong.
script any_script(int kinds) {
  script acts{{2, 1, 0}, {0, 0, 0}};
  const auto more = *rc::gen::container<script>(rc::gen::tuple(
      rc::gen::inRange(0, kinds), rc::gen::inRange<user_id>(0, flawless_server::users),
      rc::gen::inRange<std::size_t>(0, flawless_server::topics)));
  acts.insert(acts.end(), more.begin(), more.end());
  return acts;
}

void play(flawless_server& server, const script& acts) {
  for (const auto& [kind, user, topic] : acts)
    server.act(kind, user, topic);
  server.end();
}

// No checker may accuse the innocent, however its clients come and go.
RC_GTEST_PROP(FlawlessServer, IsAcceptedByEveryChecker, ()) {
  const auto acts = any_script(flawless_server::kinds);
  for (const auto& judge : all_checkers(some_bounds)) {
    flawless_server server{*judge};
    play(server, acts);
    for (const auto& found : judge->violations())
      RC_FAIL(std::string{found.promise} + ": " + found.text);
  }
}

RC_GTEST_PROP(FlawlessServer, IsCaughtByExactlyOnceWhenItLosesOrRepeatsAMessage, ()) {
  using spoil = flawless_server::spoil;
  const auto acts = any_script(flawless_server::gentle_kinds);
  checkers::exactly_once innocent;
  flawless_server first{innocent};
  play(first, acts);
  const auto at = *rc::gen::inRange<std::size_t>(1, first.deliveries() + 1);
  for (const auto what : {spoil::lose, spoil::repeat}) {
    checkers::exactly_once judge;
    flawless_server server{judge, what, at};
    play(server, acts);
    RC_ASSERT(judge.violations().size() == 1u);
  }
}

} // namespace
} // namespace kodama::sim
