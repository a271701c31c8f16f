#include "sim/user.hpp"

#include <type_traits>

/// What the client library tells a user, passed on to the checkers and the trace.
namespace kodama::sim {
namespace {

constexpr trace_kind event_kind{"user.learns"};
constexpr trace_kind received_kind{"user.receives"};

errc reason_of(const boost::system::error_code& code) {
  return code.category() == kodama_category() ? static_cast<errc>(code.value())
                                              : errc::connection_lost;
}

constexpr trace_kind canary_kind{"user.canary"};

} // namespace

// The library has counted the message, and acknowledges it; the person never sees it.
bool user::hidden_by_canary(const client_event::received& message) {
  if (plan_.canary == 0 || message.sequence == 0 || ++delivered_ != plan_.canary)
    return false;
  note(canary_kind, hash_of(message.topic), message.sequence, "hides a message on purpose");
  return true;
}

void user::handle(client_event::any& event) {
  const auto when = now();
  std::visit(
      [&](auto& e) {
        using Event = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<Event, client_event::connected>) {
          connected_ = true;
          session_ = {server_.life_of(self_->tcp->id()), e.client};
          note(event_kind, e.client, e.resumed ? 1 : 0, e.resumed ? "resumed" : "connected");
          if (intruder_)
            witness_.tell(&checker::on_intruder_connected, when, id_);
          else
            witness_.tell(&checker::on_connected, when, id_, session_, e.resumed,
                          duration{e.keepalive});
        } else if constexpr (std::is_same_v<Event, client_event::connection_lost>) {
          connected_ = false;
          note(event_kind, static_cast<std::uint64_t>(reason_of(e.reason)), 2, "connection lost");
          witness_.tell(&checker::on_connection_lost, when, id_, session_, reason_of(e.reason));
        } else if constexpr (std::is_same_v<Event, client_event::session_lost>) {
          connected_ = false;
          std::vector<message_tag> unconfirmed;
          for (const auto request : e.unconfirmed)
            unconfirmed.push_back(self_->publishes.at(request));
          std::vector<checker::topic_gap> gaps;
          for (const auto& gap : e.gaps)
            gaps.push_back({gap.topic, gap.last_delivered, gap.first_owed});
          note(event_kind, static_cast<std::uint64_t>(reason_of(e.reason)), 3,
               "session lost: " + std::string{kodama::to_string(reason_of(e.reason))});
          witness_.tell(&checker::on_session_lost, when, id_, session_, reason_of(e.reason),
                        unconfirmed, gaps);
          session_ = {};
        } else if constexpr (std::is_same_v<Event, client_event::stopped>) {
          connected_ = false;
          wants_connection_ = false;
          wanted_.clear();
          note(event_kind, static_cast<std::uint64_t>(reason_of(e.reason)), 4, "stopped");
          witness_.tell(&checker::on_stopped, when, id_, session_, reason_of(e.reason));
          session_ = {};
        } else if constexpr (std::is_same_v<Event, client_event::acknowledged>) {
          const auto tag = self_->publishes.at(e.request);
          note(event_kind, tag.number, 5, "acknowledged");
          witness_.tell(&checker::on_acknowledged, when, id_, session_, tag);
        } else if constexpr (std::is_same_v<Event, client_event::request_failed>) {
          note(event_kind, static_cast<std::uint64_t>(e.reason), 7,
               "request failed: " + std::string{kodama::to_string(e.reason)});
          if (const auto at = self_->publishes.find(e.request); at != self_->publishes.end())
            witness_.tell(&checker::on_publish_failed, when, id_, session_, at->second, e.reason);
        } else if constexpr (std::is_same_v<Event, client_event::subscribed>) {
          note(event_kind, hash_of(e.topic), e.first, "subscribed");
          witness_.tell(&checker::on_subscribed, when, id_, session_, e.topic, e.first);
        } else if constexpr (std::is_same_v<Event, client_event::unsubscribed>) {
          note(event_kind, hash_of(e.topic), e.end, "unsubscribed");
          witness_.tell(&checker::on_unsubscribed, when, id_, session_, e.topic, e.end);
        } else if constexpr (std::is_same_v<Event, client_event::received>) {
          if (hidden_by_canary(e))
            return;
          const auto tag = tag_of(e.content);
          note(received_kind, hash_of(e.topic), e.sequence, e.topic);
          if (tag)
            witness_.tell(&checker::on_received, when, id_, session_, e.topic, e.sequence, e.sender,
                          *tag, e.via == client_event::transport::udp);
          else
            witness_.tell(&checker::on_received_unknown, when, id_, session_, e.topic);
        } else if constexpr (std::is_same_v<Event, client_event::watching>) {
          note(event_kind, hash_of(e.topic), e.first, "watching");
          witness_.tell(&checker::on_watching, when, id_, session_, e.topic, e.first);
        } else if constexpr (std::is_same_v<Event, client_event::unwatched>) {
          note(event_kind, hash_of(e.topic), e.end, "unwatched");
          witness_.tell(&checker::on_unwatched, when, id_, session_, e.topic, e.end);
        } else if constexpr (std::is_same_v<Event, client_event::presence>) {
          note(event_kind, hash_of(e.topic), e.sequence, "presence");
          witness_.tell(&checker::on_presence_received, when, id_, session_, e.topic, e.sequence,
                        e.client, e.event);
        } else if constexpr (std::is_same_v<Event, client_event::subscribers>) {
          note(event_kind, hash_of(e.topic), e.clients.size(), "list");
          witness_.tell(&checker::on_list, when, id_, session_, std::string_view{e.topic},
                        e.sequence, e.clients);
        } else if constexpr (std::is_same_v<Event, client_event::udp_changed>) {
          note(event_kind, e.up ? 1 : 0, 6, e.up ? "UDP is up" : "UDP is down");
        } else {
          static_assert(std::is_same_v<Event, client_event::server_time> ||
                        std::is_same_v<Event, client_event::pong>);
        }
      },
      event);
}

} // namespace kodama::sim
