#pragma once

#include "sim/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace kodama::sim {

// What can be made simpler about a scenario: the shrinker's ideas, without its patience. None of
// them makes a scenario that fails with a server that keeps its promises: faults stay before
// heal_at, and there is always time for what is under way to arrive.

/// How much there is to read and to understand. The shrinker only ever goes down.
[[nodiscard]] std::uint64_t cost_of(const scenario& what);

/// The same without what cannot matter: details without meaning, users and topics beyond the last
/// one in use, time after everything is over.
[[nodiscard]] scenario tidied(scenario what);

/// What a scenario has several of, and what can be left out of it.
enum class part : std::uint8_t { user, topic, strike, chance, operation };

[[nodiscard]] std::size_t count_of(const scenario& what, part which);
/// Without `count` of them, from the one numbered `first` on.
[[nodiscard]] scenario without(const scenario& what, part which, std::size_t first,
                               std::size_t count);

/// A simpler scenario, made when it is asked for: a long one has thousands of ideas, and each is as
/// long as itself. It borrows the scenario that it simplifies.
using idea = std::function<scenario()>;
using ideas = std::vector<idea>;

/// The idea to change one thing.
template <class Change>
void add_idea(ideas& to, const scenario& what, Change change) {
  to.push_back([&what, change] {
    auto one = what;
    change(one);
    return tidied(std::move(one));
  });
}

/// Everybody's faults at once, limits as they usually are, no UDP.
[[nodiscard]] ideas with_simpler_world(const scenario& what);
/// People with an MQTT client, and what they do, as usual: one detail less, or all.
[[nodiscard]] ideas with_simpler_people(const scenario& what);
/// Users and topics numbered without gaps, or made one. Decisions are keyed by a user's name, so
/// that another number may need other luck: other seeds are tried along with it.
[[nodiscard]] ideas with_fewer_names(const scenario& what);
/// One message instead of many, of no size; faults that last shorter.
[[nodiscard]] ideas with_smaller_numbers(const scenario& what);
/// Round moments, close together.
[[nodiscard]] ideas with_simpler_times(const scenario& what);
/// One operation or strike less, with other luck.
[[nodiscard]] ideas with_other_luck(const scenario& what);
/// Two operations or strikes less: those that are only good for each other.
[[nodiscard]] ideas without_pairs(const scenario& what);

} // namespace kodama::sim
