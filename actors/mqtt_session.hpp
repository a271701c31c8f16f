#pragma once

#include "actors/messages.hpp"
#include "actors/mqtt_filters.hpp"
#include "actors/observer.hpp"
#include "actors/options.hpp"
#include "actors/publish_collector.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/topic_handles.hpp"
#include "actors/world.hpp"
#include "protocol/mqtt/server_session.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::actors {

/// One MQTT session (5.0, 4.1): outlives its connections as long as its Session Expiry Interval
/// says, and belongs to one account and Client Identifier.
///
/// What is numbered, acknowledged and repeated is decided by mqtt::server_session; this actor
/// carries publishes to topics and filters to the directory, and owns the present link. A newer
/// connection of the same client takes over within this actor, so that no publish finds the
/// session missing [MQTT-3.1.4-3].
class mqtt_session final : public runtime::pinned_actor {
public:
  struct identity {
    std::string name; ///< Client Identifier
    client_id client = 0;
    account_ptr account;
  };
  struct neighbours {
    caf::actor registry;
    caf::actor directory;
    retained_quota_ptr retained;
  };

  mqtt_session(caf::actor_config& config, identity who, neighbours around,
               const node_options& options, const surroundings& world);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// What one turn may write to one link; the rest follows when the link has drained.
  static constexpr std::size_t write_size_max = 256 * 1024;

  // One for each message of the behavior.
  void handle(const publication& what);
  void handle(shared_publication& what);
  void handle(const retained_found& found);
  void handle(const link_received& received);
  void handle(const link_drained& drained);
  void handle(const link_closed& closed);
  void handle(const publish_sequenced& sequenced);
  void handle(const filters_answered& answered);
  void handle(const topic_opened& opened);
  void handle(mqtt_admission& asking);
  void handle(runtime::alarm_rang);
  void handle(const shut_down&);
  void handle(const session_forgotten&);

  struct will {
    std::string topic;
    publish_batch what;
    duration delay{};
    std::optional<std::uint32_t> expiry; ///< seconds, from its publication on
  };

  // Connections.
  /// Whether the client takes a packet as long as that which would tell it that it is welcome.
  [[nodiscard]] bool can_be_welcome(const mqtt_admission& asking, const mqtt::connect& asked) const;
  void tell_welcome(mqtt::server_session& through, const mqtt_admission& asking,
                    const mqtt::connect& asked, bool present) const;
  void welcome(const mqtt_admission& asking, const mqtt::connect& asked, bool present);
  /// The connection that asks takes the session, or is refused, which changes nothing for the
  /// present one.
  void admit(mqtt_admission& asking);
  /// Why it is refused by what its account may; else its will, if it has one.
  [[nodiscard]] mqtt::outcome<std::unique_ptr<will>> judge(const mqtt_admission& asking,
                                                           const mqtt::connect& asked);
  void take_over(const mqtt::connect& asked);
  enum class ending { lost, taken_over };
  void lose_connection(mqtt::reason_code reason, ending how = ending::lost);
  /// Tells the peer why, where its version can be told, and loses the connection.
  void break_off(const mqtt::error& why);
  void forget_state();
  /// Has the directory forget some of the filters that it still has to; `is_over`: the first ones.
  void leave_filters(bool is_over = false);
  void quit_if_done();
  /// A failure where the session ends for it without a connection to tell.
  void end_session(mqtt::reason_code reason = mqtt::reason_code::success);
  /// Tells the groups of its shared subscriptions whether it is there.
  void tell_groups(bool away);

  // Wills.
  /// Null where there is none; why not, where it may not be said one day.
  [[nodiscard]] mqtt::outcome<std::unique_ptr<will>> make_will(const mqtt::connect& asked) const;
  /// Whether the present will is not said any more where this CONNECT is accepted [MQTT-3.1.3-9].
  [[nodiscard]] bool will_falls(const mqtt::connect& asked) const;
  void publish_will();

  // What the client asks for.
  void read();
  [[nodiscard]] bool filters_have_to_wait() const;
  /// No more is read until the directory has answered.
  void hold();
  void hold_no_longer();
  void carry_out(const mqtt::server_session::request& what);
  void subscribe(const mqtt::subscribe& asked);
  void unsubscribe(const mqtt::unsubscribe& asked);
  void publish(const mqtt::server_session::publish_request& asked);
  /// Answers with the reason where there is an answer for it, else ends the connection with it.
  void refuse(const mqtt::server_session::publish_request& asked, const mqtt::error& why);
  void disconnect(const mqtt::disconnect& last);

  // Plans and rules.
  /// The room of a publish that passes, null where it needs none.
  [[nodiscard]] mqtt::outcome<retained_room_ptr> admit(const mqtt::publish& what) const;
  /// Of a CONNECT with a will.
  [[nodiscard]] std::optional<mqtt::error> judge(const mqtt::connect& asked) const;
  [[nodiscard]] std::optional<mqtt::error> judge(const mqtt::subscription& asked) const;
  [[nodiscard]] std::optional<mqtt::error> exceeded(std::string_view limit, std::uint64_t most,
                                                    mqtt::reason_code reason) const;
  [[nodiscard]] bool may_hear(std::string_view topic) const;
  /// Null where `what` needs none. `where`: in a packet, for the text. `former`: of retained_quota.
  [[nodiscard]] mqtt::outcome<retained_room_ptr>
  make_room(std::string_view where, const mqtt::publish& what,
            const retained_room_ptr& former = nullptr) const;
  [[nodiscard]] mqtt::error exceeded(std::string_view where, const publish_refusal& by) const;
  /// Bytes that are kept while the client is away are charged to its account.
  [[nodiscard]] bool store(std::size_t bytes);
  void unstore(std::size_t bytes);
  void give_storage_back();
  void give_place_back();
  void refuse(const mqtt_admission& asking, const mqtt::error& why);
  void tell_limits(mqtt::connack_properties& told, bytes& texts) const;

  /// The session ends where it can't keep that.
  void owe(const shared_batch& batch, std::size_t index, mqtt::qos qos, bool retain,
           const mqtt_filters::identifiers& identifiers);
  /// False where it can't be kept.
  [[nodiscard]] bool try_to_owe(const shared_batch& batch, mqtt::outgoing what);
  /// Half of all that it has: for what it need not take.
  [[nodiscard]] bool has_room_to_spare(std::size_t bytes) const;
  /// Another member of the group gets what this one can't be given.
  void decline(shared_publication&& what);
  /// The same of what an ended session has not finished, some in each turn.
  void hand_back_unfinished();
  /// At the end of a life, before its filters and what it owes are forgotten.
  void leave_groups();
  /// At the end of the session. False as long as it may be given its turn in one, or has something
  /// to hand back.
  [[nodiscard]] bool has_left_its_groups();
  /// The whole batch at QoS 0.
  void owe_all(const shared_batch& batch, const mqtt_filters::identifiers& identifiers);
  [[nodiscard]] bool push(mqtt::outgoing what);
  /// The session can't keep what it owes, and ends.
  void overflow(const mqtt::error& why);
  void overflow_storage();
  void overflow_by_plan_or_buffer();
  /// Writes what the protocol has to say and sees to the alarm. At the end of every message.
  void pump();
  void tell_queue();
  void pass_collected();

  /// The ordinal of a publish that nobody waits for: a will's.
  static constexpr auto unanswered = std::numeric_limits<message_id>::max();

  struct answer {
    mqtt::packet_id id = 0; ///< 0: of a connection that is gone; nobody waits
    std::vector<mqtt::reason_code> reasons;
    std::string text; ///< of the first that was refused
    bool to_subscribe = false;

    [[nodiscard]] std::size_t cost() const { return std::max<std::size_t>(reasons.size(), 1); }
  };
  void await(std::uint64_t request, answer what);
  void reply_to_subscribe(const answer& what);

  identity who_;
  neighbours around_;
  const node_options& options_;
  const surroundings& world_;
  mqtt::server_session core_;
  link_ptr link_;
  std::shared_ptr<usage> place_;           ///< by whom the present connection is counted
  std::unique_ptr<mqtt_admission> parked_; ///< waits until the present connection is not held
  topic_handles topics_;
  mqtt_filters filters_;
  /// Of the former life, while the directory still knows some of them; else null.
  std::unique_ptr<mqtt_filters> leaving_;
  std::unique_ptr<const permissions> allowed_; ///< null: everything
  std::size_t stored_ = 0;                     ///< charged to the account
  bool lacks_storage_ = false; ///< what could not be kept last could not be for this reason
  publish_collector collected_;
  std::map<std::uint64_t, answer> answers_; ///< that wait for the directory
  std::size_t under_way_ = 0;               ///< filters of these
  std::uint64_t last_request_ = 0;
  std::vector<mqtt::outgoing> unfinished_; ///< of the former life, for others of their groups
  instant lingers_until_ = never;          ///< who was in a group may still be given its turn
  bool was_in_groups_ = false; ///< in this life or a former one: the end has to wait for them
  std::uint64_t leaving_request_ = 0; ///< whose answer says that the last of `leaving_` have left
  std::unique_ptr<will> will_;
  instant will_at_ = never;    ///< once the connection is lost
  instant ends_at_ = never;    ///< the connection, with what its client was let in by
  std::size_t told_bytes_ = 0; ///< of what is kept, to the observer
  runtime::alarm alarm_;
  bool has_state_ = false; ///< there is something to resume
  bool is_told_ = false;   ///< that it has been opened, to the observer
  bool is_holding_ = false;
  bool is_lost_ = false; ///< the connection is, and what it brought is still to be read
  bool forgotten_asked_ = false;
  bool forgotten_ = false;
};

} // namespace kodama::actors
