#include "actors/runtime/fan_out.hpp"

#include "actors/runtime/pinned_actor.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <memory>

namespace kodama::runtime {

void fan_out::add(const caf::actor& receiver) {
  auto* actor = static_cast<pinned_actor*>(caf::actor_cast<caf::abstract_actor*>(receiver));
  auto& home = actor->home(); // all actors of ours have one
  if (&home == own_) {
    here_.push_back(receiver);
    return;
  }
  auto at = std::find_if(elsewhere_.begin(), elsewhere_.end(),
                         [&](const group& each) { return each.home == &home; });
  if (at == elsewhere_.end())
    at = elsewhere_.insert(at, group{&home, std::make_shared<receivers>()});
  at->all->push_back(caf::actor_cast<caf::strong_actor_ptr>(receiver));
}

void fan_out::send(pinned_actor& from, const caf::message& what) const {
  for (const auto& each : here_)
    from.send(each, what);
  for (const auto& [home, all] : elsewhere_)
    home->deliver_to_all(all, caf::strong_actor_ptr{from.ctrl()}, what);
}

} // namespace kodama::runtime
