#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "protocol/mqtt/topic_tree.hpp"

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
    /// Who wants it, and who wants its retained message, while it is closing.
    std::unique_ptr<std::vector<caf::actor>> waiting;
    std::unique_ptr<std::vector<retained_wanted>> curious;
  };
  struct listener {
    caf::actor session;
    std::size_t filters = 0;
  };

  void subscribe(const filters_asked& asked, const caf::actor& session);
  void unsubscribe(const filters_left& left, const caf::actor& session);
  void offer_retained(const std::string& filter, const caf::actor& session);
  /// Calls `visit(name, entry)` for each open topic that matches.
  template <class Visitor>
  void each_open(const std::string& filter, Visitor&& visit);

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

  // MQTT: filters live here, not in topics, and keep no topic open.
  mqtt::topic_tree<client_id> filters_;
  std::map<client_id, listener> listeners_;
  std::map<std::string, retained_message, std::less<>> retained_; ///< of topics that are closed
};

} // namespace kodama::actors
