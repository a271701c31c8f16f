#pragma once

#include "actors/messages.hpp"
#include "actors/observer.hpp"
#include "actors/options.hpp"
#include "actors/publish_collector.hpp"
#include "actors/runtime/pinned_actor.hpp"
#include "actors/session_filters.hpp"
#include "actors/topic_handles.hpp"
#include "actors/world.hpp"
#include "protocol/datagram_channel.hpp"
#include "protocol/server_session.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::actors {

/// One logical client. Outlives its TCP connections; ends by DISCONNECT, by the end of its resume
/// window, or because a guarantee could not be kept.
///
/// What is counted, acknowledged and repeated is decided by protocol/server_session; this actor
/// carries requests to topics and answers back, and owns the present link. Promises `one-owner`: at
/// an admission the old link is closed at once, and whatever it still delivers is ignored by its
/// id.
class session final : public runtime::pinned_actor {
public:
  struct identity {
    session_id session;
    client_id client = 0;
    account_ptr account; ///< that opened it, and alone may resume it
  };
  struct neighbours {
    caf::actor registry;
    caf::actor directory;
  };

  session(caf::actor_config& config, identity who, neighbours around, const node_options& options,
          const surroundings& world);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct refusal {
    errc reason{};
    std::string text;
  };

  // One for each message of the behavior.
  void handle(const publication& what);
  void handle(const filtered_publication& what);
  void handle(const link_received& received);
  void handle(const link_drained& drained);
  void handle(const link_closed& closed);
  void handle(const publish_sequenced& sequenced);
  void handle(const topic_answered& answer);
  void handle(const filters_answered& answer);
  void handle(const topic_opened& opened);
  void handle(const presence_changed& changed);
  void handle(const datagram_arrived& arrived);
  void handle(const path_transmit& wanted);
  void handle(const path_route& found);
  void handle(admission& asking);
  void handle(runtime::alarm_rang);
  void handle(const shut_down&);
  void handle(const session_forgotten&);

  // Connections.
  void admit(admission& asking);
  void welcome(const admission& asking);
  void refuse(const link_ptr& link, errc reason, std::string_view text);
  void lose_connection(errc reason);
  [[nodiscard]] bool has_ended() const noexcept { return ended_ != errc{}; }
  /// Tells the peer, closes the link, leaves all topics.
  void end(errc reason, std::string_view text);

  // What the client asks for.
  void receive(link_id from, const bytes& data);
  void read();
  /// So many of its requests are with the directory that no more is read before it has answered.
  [[nodiscard]] bool waits_for_directory() const;
  void hold();
  void hold_no_longer();
  void carry_out(const message_reader::item& request);
  void ask_topic(topic_request what, message_id request, std::string_view topic);
  void ask_filter(topic_request what, message_id request, std::string_view filter);
  void collect(const message::publish& what);
  /// Whether plan and rules let it pass; if not, the session has ended with the reason.
  [[nodiscard]] bool judge(const message::publish& what);
  /// Why a request is refused, if it is.
  [[nodiscard]] std::optional<refusal> judge(topic_request what, std::string_view topic) const;
  /// What this session is subscribed to or watches, and may not any more once it is `coming`'s.
  [[nodiscard]] std::optional<std::string> interest_denied_to(const account& coming) const;
  void pass_collected();

  // What topics answer.
  void handle_answer(const topic_answered& answer);
  void push_list(const topic_answered& answer);
  void handle_publication(const publication& what);
  void owe(shared_batch batch);
  void owe(const message::any& what) { owe(make_batch(what, to_timestamp(now()))); }

  // Datagrams.
  void offer_path(const admission& asking, message::connack_success& answer);
  void drop_path();
  void receive_datagram(const datagram_arrived& arrived);
  void transmit_on_path(const path_transmit& wanted);
  void send_unreliable(const message_batch& batch);
  void send_unreliable_by_datagram(const message_batch& batch);
  [[nodiscard]] caf::actor& selector();

  /// Writes what the protocol has to say and sees to the alarm. At the end of every message.
  void pump();
  void arm_alarm();
  void tell_queue();

  struct path {
    path_id id;
    std::optional<local_address> local; ///< where its datagrams come
    datagram_channel channel;
    std::optional<udp_path::route> route;
    bool announced = false; ///< to the selector
  };

  identity who_;
  caf::actor registry_;
  const node_options& options_;
  const surroundings& world_;
  server_session core_;
  link_ptr link_;
  std::shared_ptr<usage> place_; ///< by whom the present connection is counted
  topic_handles topics_;
  std::unique_ptr<session_filters> filters_;     ///< from the first one on
  std::unique_ptr<const permissions> allowed_;   ///< null: everything
  std::unique_ptr<publish_collector> collected_; ///< from the first publish on
  std::unique_ptr<path> path_;
  caf::actor selector_;
  instant ends_at_ = never;    ///< the connection, with the token that let its client in
  std::size_t told_bytes_ = 0; ///< of what is kept, to the observer
  runtime::alarm alarm_;
  /// Why the session is over; a resume within the window is still to be told. Zero: it is not.
  errc ended_{};
  bool is_holding_ = false;
  bool is_told_ = false; ///< that it has been opened, to the observer
  bool is_lost_ = false; ///< the connection is, and what it brought is still to be read
  bool forgotten_asked_ = false;
  bool forgotten_ = false;
};

} // namespace kodama::actors
