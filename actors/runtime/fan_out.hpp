#pragma once

#include "actors/runtime/home_unit.hpp"

#include <caf/actor.hpp>
#include <caf/message.hpp>

#include <memory>
#include <vector>

namespace kodama::runtime {

class pinned_actor;

/// The receivers of one actor's messages, sorted by where they live: those at home get a message
/// one by one, those of another home in one piece, which is taken apart there. So what many
/// subscribers on many threads cost the thread of their topic grows with the threads.
///
/// A value of the moment: whoever changes the list makes another one. Holds the handles, so it has
/// to go in on_exit() at the latest.
class fan_out {
public:
  explicit fan_out(const home_unit& own)
      : own_{&own} {}

  /// Before the first send(). They get each message in this order, as far as they share a home.
  void add(const caf::actor& receiver);
  void send(pinned_actor& from, const caf::message& what) const;

private:
  struct group {
    home_unit* home;
    std::shared_ptr<receivers> all;
  };

  const home_unit* own_;
  std::vector<caf::actor> here_;
  std::vector<group> elsewhere_; ///< few: no more than there are threads
};

} // namespace kodama::runtime
