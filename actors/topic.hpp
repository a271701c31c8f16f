#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/runtime/fan_out.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/share_groups.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kodama::actors {

/// One topic: gives its messages their sequence numbers and hands them to every subscriber; knows
/// who subscribes and tells the watchers.
///
/// Promises `topic-order` (one sequence, one mailbox: what is sequenced first is sent first to
/// everybody), `subscribe-edge` (the answer to a SUBSCRIBE travels in the same mailbox order as the
/// messages) and its part of `presence-fold`. Spawned by the directory, which retires it when no
/// session holds its handle; the numbers go on where an earlier actor of any topic ended.
class topic final : public runtime::pinned_actor {
public:
  struct start {
    std::string name;
    caf::actor directory;
    topic_sequence last = 0;        ///< numbers begin after this one
    presence_sequence presence = 0; ///< likewise
    std::optional<retained_message> retained;
    /// Once for each filter that matches.
    std::vector<topic_joined> listeners;
  };

  topic(caf::actor_config& config, start from, observer& watching);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  // One for each message of the behavior.
  void handle(publish_batch& what) { sequence(what); }
  void handle(const topic_asked& asked) { answer(asked); }
  void handle(const client_left& left) { leave(left.client); }
  void handle(const topic_retired&);
  void handle(const topic_joined& joined) { join(joined); }
  void handle(const topic_parted& parted) { part(parted); }
  void handle(const topic_member_away& told);
  void handle(shared_publication& declined);
  void handle(const retained_wanted& wanted);
  void handle(runtime::alarm_rang);

  /// Null until it is needed: where there is one home, always.
  using fan_out_ptr = std::unique_ptr<runtime::fan_out>;

  struct member {
    client_id client;
    caf::actor session;
  };
  /// Sorted by ClientID: an order that depends on nothing else, and the SUBSCRIBER LIST's own.
  using members = std::vector<member>;

  /// Whoever listens by filters; the session knows itself by which of them, and how, it gets what.
  struct listener {
    client_id client;
    caf::actor session;
    std::uint32_t filters = 1; ///< of it that match
    bool native = false;       ///< not of an MQTT session
  };

  /// What most topics have none of, and a server of many topics would pay for in each.
  struct extras {
    explicit extras(pinned_actor& owner)
        : expiry{owner} {}

    members watchers;
    std::vector<listener> listeners; ///< sorted by ClientID
    std::size_t natives = 0;         ///< among them
    filter_epoch epoch = 0;          ///< of the latest filter that has come
    share_groups groups;
    std::optional<retained_message> retained;
    runtime::alarm expiry;    ///< of that
    fan_out_ptr to_listeners; ///< but the native ones
  };

  [[nodiscard]] extras& need_extras();
  void join(const topic_joined& joined);
  void part(const topic_parted& parted);
  /// To each of them that is `wanted`. `kept` is theirs, and null after every change of them.
  template <class Members, class Predicate>
  void send_to_all(const Members& all, fan_out_ptr& kept, const caf::message& out,
                   Predicate&& wanted);
  /// Who alone gets each publication as it is; null where there are more, or none.
  [[nodiscard]] const caf::actor* find_only_one() const;
  void pass_to_listeners(const publication& what, const caf::message& out);
  void share(const publication& what);
  /// Each message to the member whose turn it is, those of one member in one go.
  void share(share_groups::group& among, const publication& what,
             const std::vector<std::uint32_t>& indexes, const std::vector<client_id>& declined);
  void retain(const shared_batch& batch, mqtt::qos qos, retained_room_ptr room);
  void set_retained(std::optional<retained_message> what);
  void answer(const topic_asked& asked);
  void sequence(publish_batch& what);
  void leave(client_id client);
  void announce(client_id client, message::presence_event event);
  [[nodiscard]] std::vector<client_id> subscriber_ids() const;

  static bool insert(members& into, client_id client, const caf::actor& session);
  static bool erase(members& from, client_id client);

  std::string name_;
  caf::actor directory_;
  observer& watching_;
  topic_sequence last_;
  presence_sequence presence_last_;
  members subscribers_;
  fan_out_ptr to_subscribers_;
  std::unique_ptr<extras> extras_; ///< null until there is any of it
};

} // namespace kodama::actors
