#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/runtime/pinned_actor.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kodama::actors {

/// Turns topic names into topic actors: opens a topic when the first session wants it and retires
/// it when the last one has let go, so that idle topics cost nothing.
///
/// Every handle it gives out is counted until it is released. A message that a session sends to a
/// topic before it releases the handle is handled before the topic retires, since each step of
/// release, retirement and closing happens after the one before it.
class directory final : public runtime::pinned_actor {
public:
  /// Topics are spread over `homes` by name.
  directory(caf::actor_config& config, std::vector<runtime::home_unit*> homes, observer& watching);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct entry {
    caf::actor topic; ///< empty while the previous topic of this name is closing
    std::size_t holders = 0;
    std::unique_ptr<std::vector<caf::actor>> waiting; ///< who wants it while it is closing
  };

  void open(const std::string& name, caf::actor session);
  void release(const std::string& name);
  void close(const topic_closed& closed);
  [[nodiscard]] caf::actor spawn_topic(const std::string& name);

  std::vector<runtime::home_unit*> homes_;
  observer& watching_;
  std::map<std::string, entry, std::less<>> entries_;
  // Numbers never repeat within a name: a new topic begins after the highest number of any closed
  // one. One counter for all closed names needs no memory for each.
  topic_sequence last_ = 0;
  presence_sequence presence_last_ = 0;
};

} // namespace kodama::actors
