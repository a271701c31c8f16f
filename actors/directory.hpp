#pragma once

#include "actors/filter_requests.hpp"
#include "actors/filter_walk.hpp"
#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/options.hpp"
#include "actors/retained_messages.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "protocol/mqtt/topic_tree.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::actors {

/// Turns topic names into topic actors: opens a topic when the first session wants it and retires
/// it when the last one has let go, so that idle topics cost nothing.
///
/// Every handle it gives out is counted until it is released. A message that a session sends to a
/// topic before it releases the handle is handled before the topic retires, since each step of
/// release, retirement and closing happens after the one before it.
///
/// A filter may match all topics that there are, and a client may have a thousand such filters. So
/// they are told in steps, between which everybody else has their turn; whatever opens meanwhile
/// knows of the filter from its birth (docs/decisions/0017-filters-walk-in-steps.md).
class directory final : public runtime::pinned_actor {
public:
  /// Topics are spread over `homes` by name. `options` outlives the directory.
  directory(caf::actor_config& config, std::vector<runtime::home_unit*> homes,
            const node_options& options, observer& watching);

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
    bool away = false; ///< without a connection: in its groups others come first
    bool native = false;
  };
  /// Whose filter it is; where it is a shared one, also which.
  struct holder {
    client_id client = 0;
    std::uint64_t share = 0; ///< 0: not shared
    auto operator<=>(const holder&) const = default;
  };
  /// A group of a shared subscription, while it has members.
  struct share {
    std::uint64_t number = 0;
    std::size_t members = 0;
  };

  /// A filter whose topics are being told: that it matches them, or no longer.
  struct walk {
    filter_walk way;
    filter_epoch epoch = 0;
    caf::message told;   ///< to open topics; empty: nothing
    caf::message wanted; ///< retained_wanted, likewise
    /// Topics that were born ahead of it; they and what they retain have been dealt with.
    std::set<std::string, std::less<>> born_ahead;
  };

  // Filters (directory_filters.cpp).
  void take(client_id client, filter_request what);
  void work();
  void carry_on(filter_request& request);
  [[nodiscard]] walk set_out(const filters_asked& asked, const filter_request& request);
  [[nodiscard]] walk set_out(const filters_left& left, const filter_request& request);
  [[nodiscard]] walk set_out(const filters_away& told, const filter_request& request);
  /// False where it rests.
  [[nodiscard]] bool walk_on();
  void meet(entry& open);
  void meet(const retained_message& kept);
  void finish(const filter_request& request);
  void tell(client_id client, const listener& who) const;
  /// False where the client had the filter already, or did not have it.
  bool insert(const std::string& text, client_id client);
  bool erase(const std::string& text, client_id client);
  [[nodiscard]] topic_joined joined_by(client_id client, const listener& who,
                                       std::string shared) const;

  void open(const std::string& name, caf::actor session);
  void release(const std::string& name);
  void close(topic_closed& closed);
  void spawn_topic(const std::string& name, entry& into);
  void arm_alarm();

  std::vector<runtime::home_unit*> homes_;
  const node_options& options_;
  observer& watching_;
  std::map<std::string, entry, std::less<>> entries_;
  // Numbers never repeat within a name: a new topic begins after the highest number of any closed
  // one. One counter for all closed names needs no memory for each.
  topic_sequence last_ = 0;
  presence_sequence presence_last_ = 0;

  // Filters live here, not in topics, and keep no topic open.
  filter_epoch epoch_ = 0;
  mqtt::topic_tree<holder> filters_;
  std::map<std::string, share, std::less<>> shares_;      ///< by whole filter
  std::map<std::uint64_t, std::string_view> share_names_; ///< the keys above
  std::uint64_t last_share_ = 0;
  std::map<client_id, listener> listeners_;
  retained_messages retained_;

  filter_requests requests_;
  std::optional<walk> walk_;    ///< of the first of them
  std::int64_t work_left_ = 0;  ///< in this turn
  instant worked_at_ = never;   ///< its time
  instant rests_until_ = never; ///< `never`: it does not
  runtime::alarm alarm_;        ///< when it works on, or the next retained message expires
};

} // namespace kodama::actors
