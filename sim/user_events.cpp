#include "sim/user.hpp"

#include <type_traits>
#include <utility>

/// What the client library tells a user, passed on to the checkers and the trace.
namespace kodama::sim {
namespace {

constexpr trace_kind event_kind{"user.learns"};
constexpr trace_kind received_kind{"user.receives"};
constexpr trace_kind canary_kind{"user.canary"};

errc reason_of(const boost::system::error_code& code) {
  return code.category() == kodama_category() ? static_cast<errc>(code.value())
                                              : errc::connection_lost;
}

std::string in_words(errc reason) {
  return std::string{kodama::to_string(reason)};
}

/// "state" is what the bar of its session shows from here on.
telling believing(const char* state, std::string text) {
  return {std::move(text), {{"state", state}}};
}

telling about(std::string text, std::string_view topic, std::string_view before,
              std::uint64_t number, std::string_view after = {}) {
  text += ' ';
  text += topic;
  text += before;
  text += ' ' + std::to_string(number);
  text += after;
  return {std::move(text), {{"topic", std::string{topic}}}};
}

std::string in_doubt(const std::vector<message_tag>& unconfirmed,
                     const std::vector<checker::topic_gap>& gaps) {
  std::string all;
  for (const auto& tag : unconfirmed)
    all += (all.empty() ? "; in doubt are " : ", ") + sim::name_of(tag);
  for (const auto& gap : gaps)
    all += "; of " + gap.topic + " it has everything through number " +
           std::to_string(gap.last_delivered);
  return all;
}

telling tell_received(const client_event::received& e, const std::optional<message_tag>& tag) {
  const auto name = tag ? sim::name_of(*tag) : std::string{"what nobody published"};
  const auto number = std::to_string(e.sequence);
  const std::string topic{e.topic};
  telling told{"receives " + name + " of " + topic, {{"topic", topic}, {"message", name}}};
  if (e.sequence != 0) {
    told.text += ", number " + number;
    told.facts.push_back({"number", number});
  } else {
    told.text += e.via == client_event::transport::udp ? ", by UDP" : ", by TCP";
  }
  return told;
}

} // namespace

// The library has counted the message, and acknowledges it; the person never sees it.
bool user::hidden_by_canary(const client_event::received& message) {
  if (plan_.canary == 0 || message.sequence == 0 || ++delivered_ != plan_.canary)
    return false;
  note(canary_kind, hash_of(message.topic), message.sequence,
       [] { return "hides a message on purpose: the canary"; });
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
          note(event_kind, e.client, e.resumed ? 1 : 0, [&] {
            return believing("attached", (e.resumed ? "has resumed " : "is connected, in ") +
                                             sim::name_of(session_));
          });
          if (intruder_)
            witness_.tell(&checker::on_intruder_connected, when, id_);
          else
            witness_.tell(&checker::on_connected, when, id_, session_, e.resumed,
                          duration{e.keepalive});
        } else if constexpr (std::is_same_v<Event, client_event::connection_lost>) {
          connected_ = false;
          note(event_kind, static_cast<std::uint64_t>(reason_of(e.reason)), 2, [&] {
            return believing("detached", "learns that its connection is lost: " +
                                             in_words(reason_of(e.reason)));
          });
          witness_.tell(&checker::on_connection_lost, when, id_, session_, reason_of(e.reason));
        } else if constexpr (std::is_same_v<Event, client_event::session_lost>) {
          connected_ = false;
          std::vector<message_tag> unconfirmed;
          for (const auto request : e.unconfirmed)
            unconfirmed.push_back(self_->publishes.at(request));
          std::vector<checker::topic_gap> gaps;
          for (const auto& gap : e.gaps)
            gaps.push_back({gap.topic, gap.last_delivered, gap.first_owed});
          note(event_kind, static_cast<std::uint64_t>(reason_of(e.reason)), 3, [&] {
            return believing("ended",
                             "learns that its session is lost: " + in_words(reason_of(e.reason)) +
                                 in_doubt(unconfirmed, gaps));
          });
          witness_.tell(&checker::on_session_lost, when, id_, session_, reason_of(e.reason),
                        unconfirmed, gaps);
          session_ = {};
        } else if constexpr (std::is_same_v<Event, client_event::stopped>) {
          connected_ = false;
          if (e.reason == errc::bad_token && !intruder_) {
            refuse_login();
          } else {
            wants_connection_ = false;
            wanted_.clear();
          }
          note(event_kind, static_cast<std::uint64_t>(reason_of(e.reason)), 4, [&] {
            return believing("ended", "is disconnected for good: " + in_words(reason_of(e.reason)));
          });
          witness_.tell(&checker::on_stopped, when, id_, session_, reason_of(e.reason));
          session_ = {};
        } else if constexpr (std::is_same_v<Event, client_event::acknowledged>) {
          const auto tag = self_->publishes.at(e.request);
          note(event_kind, tag.number, 5, [&] {
            return telling{"learns that " + sim::name_of(tag) + " is acknowledged",
                           {{"message", sim::name_of(tag)}}};
          });
          witness_.tell(&checker::on_acknowledged, when, id_, session_, tag);
        } else if constexpr (std::is_same_v<Event, client_event::request_failed>) {
          const auto at = self_->publishes.find(e.request);
          note(event_kind, static_cast<std::uint64_t>(e.reason), 7, [&] {
            telling told{"learns that a request failed: " + in_words(e.reason)};
            if (at != self_->publishes.end())
              told = {"learns that its publish " + sim::name_of(at->second) +
                          " failed: " + in_words(e.reason),
                      {{"message", sim::name_of(at->second)}}};
            return told;
          });
          if (at != self_->publishes.end())
            witness_.tell(&checker::on_publish_failed, when, id_, session_, at->second, e.reason);
        } else if constexpr (std::is_same_v<Event, client_event::subscribed>) {
          note(event_kind, hash_of(e.topic), e.first, [&] {
            return e.first == 0
                       ? telling{"is subscribed to " + std::string{e.topic},
                                 {{"topic", std::string{e.topic}}}}
                       : about("is subscribed to", e.topic, " from number", e.first, " on");
          });
          witness_.tell(&checker::on_subscribed, when, id_, session_, e.topic, e.first);
        } else if constexpr (std::is_same_v<Event, client_event::unsubscribed>) {
          note(event_kind, hash_of(e.topic), e.end, [&] {
            return e.end == 0 ? telling{"is unsubscribed from " + std::string{e.topic},
                                        {{"topic", std::string{e.topic}}}}
                              : about("is unsubscribed from", e.topic, " before number", e.end);
          });
          witness_.tell(&checker::on_unsubscribed, when, id_, session_, e.topic, e.end);
        } else if constexpr (std::is_same_v<Event, client_event::received>) {
          if (hidden_by_canary(e))
            return;
          const auto tag = tag_of(e.content);
          note(received_kind, hash_of(e.topic), e.sequence, [&] { return tell_received(e, tag); });
          if (tag)
            witness_.tell(&checker::on_received, when, id_, session_, e.topic, e.sequence, e.sender,
                          *tag, e.via == client_event::transport::udp);
          else
            witness_.tell(&checker::on_received_unknown, when, id_, session_, e.topic);
        } else if constexpr (std::is_same_v<Event, client_event::watching>) {
          note(event_kind, hash_of(e.topic), e.first,
               [&] { return about("watches", e.topic, " from presence number", e.first, " on"); });
          witness_.tell(&checker::on_watching, when, id_, session_, e.topic, e.first);
        } else if constexpr (std::is_same_v<Event, client_event::unwatched>) {
          note(event_kind, hash_of(e.topic), e.end, [&] {
            return about("no longer watches", e.topic, " before presence number", e.end);
          });
          witness_.tell(&checker::on_unwatched, when, id_, session_, e.topic, e.end);
        } else if constexpr (std::is_same_v<Event, client_event::presence>) {
          note(event_kind, hash_of(e.topic), e.sequence, [&] {
            return about("learns about", e.topic,
                         ": client " + std::to_string(e.client) +
                             (e.event == message::presence_event::joined ? " joined" : " left") +
                             ", presence number",
                         e.sequence);
          });
          witness_.tell(&checker::on_presence_received, when, id_, session_, e.topic, e.sequence,
                        e.client, e.event);
        } else if constexpr (std::is_same_v<Event, client_event::subscribers>) {
          note(event_kind, hash_of(e.topic), e.clients.size(), [&] {
            return about("learns who subscribes to", e.topic,
                         ": " + std::to_string(e.clients.size()) + " clients as of presence number",
                         e.sequence);
          });
          witness_.tell(&checker::on_list, when, id_, session_, std::string_view{e.topic},
                        e.sequence, e.clients);
        } else if constexpr (std::is_same_v<Event, client_event::udp_changed>) {
          note(event_kind, e.up ? 1 : 0, 6,
               [&] { return e.up ? "has proven its way by UDP" : "gives up its way by UDP"; });
          if (std::exchange(udp_up_, e.up) != e.up && !intruder_)
            witness_.tell(&checker::on_udp_changed, when, id_, e.up);
        } else {
          static_assert(std::is_same_v<Event, client_event::server_time> ||
                        std::is_same_v<Event, client_event::pong>);
        }
      },
      event);
}

} // namespace kodama::sim
